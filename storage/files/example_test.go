package files_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
	"github.com/cpodkit/cpodkit/storage/files"
)

// A handler of your own shows the picture of whoever calls it. A picture that is a page
// in disguise is saved and not run.
func ExampleHandle_ServeFile() {
	store, err := files.New(files.NewMemory())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	avatar := func(w http.ResponseWriter, r *http.Request) {
		mine := files.FromContext(r.Context()).Tier(storage.User)
		mine.ServeFile(w, r, "avatars/me")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /avatar", avatar)
	handler := store.Attach(mux) // and your own authentication

	ann := cpodkit.Identity{TenantID: "acme", AppID: "photos", UserID: "ann", Scopes: cpodkit.Scopes{"storage.user.*"}}
	ctx := cpodkit.WithIdentity(context.Background(), ann)
	picture := strings.NewReader("<script>alert(1)</script>")
	_, err = store.For(ann).Tier(storage.User).Write(ctx, "avatars/me", picture, &files.WriteOptions{ContentType: "text/html"})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequestWithContext(ctx, "GET", "/avatar", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Disposition"))
	fmt.Println(answer.Header().Get("Content-Security-Policy"))
	// Output:
	// 200 attachment; filename=me
	// default-src 'none'; sandbox
}

// A handler of your own keeps files for whoever calls it.
func Example() {
	store, err := files.New(files.NewMemory()) // or localfiles.Open("data/files")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	upload := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mine := files.FromContext(r.Context())
		file, err := mine.Write(r.Context(), "avatars/me.png", r.Body, &files.WriteOptions{ContentType: "image/png"})
		if err != nil {
			cpodkit.WriteError(w, r, err)
			return
		}
		fmt.Fprintln(w, file.Key, file.Size)
	})

	// The identity comes from your own authentication; here it is made up.
	login := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id := cpodkit.Identity{TenantID: "acme", AppID: "photos", Scopes: cpodkit.Scopes{"storage.private.*"}}
			next.ServeHTTP(w, r.WithContext(cpodkit.WithIdentity(r.Context(), id)))
		})
	}
	answer := httptest.NewRecorder()
	request := httptest.NewRequest("POST", "/avatar", strings.NewReader("PNG..."))
	cpodkit.Chain(upload, login, store.Attach).ServeHTTP(answer, request)
	fmt.Print(answer.Body)
	// Output: avatars/me.png 6
}
