// Command browser-app serves a page that signs users in to cpod-backend and keeps a note
// for each of them. The page is app.js, without any library, and index.html; any other
// server of files serves it as well.
//
//	go run ./examples/cpod-backend user add ann@example.com
//	go run ./examples/browser-app
//
// docs/users.md has the call that registers the app, and what to see.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/httpserver"
)

//go:embed index.html app.js
var page embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	listen := flag.String("listen", "localhost:3000", "the `ADDRESS` to serve the page on")
	server := flag.String("server", "http://localhost:8000", "the `URL` of cpod-backend")
	flag.Parse()
	err := run(ctx, *listen, *server)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, listen, server string) error {
	script, err := page.ReadFile("app.js")
	if err != nil {
		return err
	}
	text := strings.Replace(string(script), "http://localhost:8000", server, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "app.js", time.Time{}, strings.NewReader(text))
	})
	mux.Handle("GET /", http.FileServerFS(page))
	var listener net.ListenConfig
	ln, err := listener.Listen(ctx, "tcp", listen)
	if err != nil {
		return errors.New("the page cannot be served: " + err.Error())
	}
	fmt.Printf("open http://%s\n", listen)
	return httpserver.Serve(ctx, httpserver.NewServer(mux, time.Minute), ln, httpserver.Stop{})
}
