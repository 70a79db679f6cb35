package clientaddr_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/clientaddr"
)

func Example() {
	err := func() error {
		source, err := clientaddr.Parse("xff:10.0.0.0/8") // the proxies in front of this server
		if err != nil {
			return err
		}
		handler := source.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, cpodkit.ClientAddr(r), cpodkit.ClientNetwork(r))
		}))

		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.1:4711"
		r.Header.Set("X-Forwarded-For", "1.1.1.1, 2001:db8::7") // the client forged the first
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Print(w.Body)
		return nil
	}()
	fmt.Println(err)
	// Output:
	// 2001:db8::7 2001:db8::/64
	// <nil>
}
