// How Go's net/http reads a request (`backend server`), and what httputil.ReverseProxy makes of one before it
// does (`backend proxy`).
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
)

// routes are those of every backend; Go's patterns write them as they are.
var routes = []string{
	"/healthz", "/admin", "/admin/users", "/users/{id}", "/users/{id}/orders", "/orders", "/orders/{id}", "/files/{path...}",
}

type record = map[string]any

func main() {
	port, behind := os.Getenv("PORT"), os.Getenv("BEHIND")
	if len(os.Args) < 2 || os.Args[1] != "proxy" {
		serve(port, handler())
	}
	go serve(behind, handler())
	target := &url.URL{Scheme: "http", Host: "127.0.0.1:" + behind}
	serve(port, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}})
}

// serve speaks HTTP/1.1, and HTTP/2 without TLS.
func serve(port string, handler http.Handler) {
	server := http.Server{Addr: "127.0.0.1:" + port, Handler: handler, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	log.Fatal(server.ListenAndServe())
}

func handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { tell(r, route) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { tell(r, "") })
	return mux
}

// tell writes how a request was read, and by the handler of which route.
func tell(r *http.Request, route string) {
	_, _ = io.Copy(io.Discard, r.Body)
	method := r.Method
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
		if asked := r.Header.Get(name); asked != "" {
			method = strings.ToUpper(asked)
		}
	}
	operations := []record{}
	if route != "" {
		params := record{}
		for _, name := range []string{"id", "path"} {
			if value := r.PathValue(name); value != "" {
				params[name] = latin1(value)
			}
		}
		operations = append(operations, record{"route": strings.ReplaceAll(route, "...", ""), "params": params})
	}
	hosts := []string{r.Host}
	// What a proxy before it took the host for.
	if served := r.Header.Get("X-Served"); served != "" {
		hosts = append(hosts, served)
	}
	if parsed, err := url.Parse("http://" + r.Host); err == nil {
		hosts = append(hosts, parsed.Hostname())
	}
	line, _ := json.Marshal(record{
		"case": r.Header.Get("X-Case"), "method": method, "operations": operations, "path": latin1(r.URL.Path),
		"hosts": hosts, "headers": pairs(r.Header), "trailers": pairs(r.Trailer),
	})
	file, err := os.OpenFile(os.Getenv("SEEN"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(append(line, '\n')); err != nil {
		log.Fatal(err)
	}
}

func pairs(header http.Header) [][2]string {
	list := [][2]string{}
	for name, values := range header {
		for _, value := range values {
			list = append(list, [2]string{name, latin1(value)})
		}
	}
	return list
}

// latin1 makes each byte a character, so that JSON can tell any of them.
func latin1(text string) string {
	var out strings.Builder
	for i := range len(text) {
		out.WriteRune(rune(text[i]))
	}
	return out.String()
}
