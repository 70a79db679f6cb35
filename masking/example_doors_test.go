package masking_test

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/cpodkit/cpodkit/masking"
)

func ExampleMasker_Handler() {
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	noTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(m.Handler(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: noTime})))
	logger.Info("Call Alice at 555-867-5309", "user", "alice@example.com", "password", "hunter2", "attempts", 3)
	// Output:
	// {"level":"INFO","msg":"Call [NAME] at [PHONE]","user":"a***@example.com","password":"[MASKED]","attempts":3}
}

func ExampleMasker_Responses() {
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	users := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"name":"Alice Smith","email":"alice@example.com","ssn":"123-45-6789"}`)
	})
	server := httptest.NewServer(m.Responses()(users))
	defer server.Close()

	answer, err := server.Client().Get(server.URL)
	if err != nil {
		log.Print(err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(string(body), err)
	// Output:
	// {"name":"Alice Smith","email":"a***@example.com","ssn":"***-**-****"} <nil>
}
