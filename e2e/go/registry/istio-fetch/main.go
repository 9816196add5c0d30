// Command istio-fetch fetches an image as Istio's agent does, by Istio's own code, and writes the module that the agent
// would hand to Envoy.
//
//	istio-fetch REGISTRY/REPOSITORY@DIGEST FILE
package main

import (
	"context"
	"fmt"
	"os"

	"istio.io/istio/pkg/wasm"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: istio-fetch REGISTRY/REPOSITORY@DIGEST FILE")
		os.Exit(2)
	}
	if err := fetch(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func fetch(image, file string) error {
	read, digest, err := wasm.NewImageFetcher(context.Background(), wasm.ImageFetcherOption{}).PrepareFetch(image)
	if err != nil {
		return err
	}
	module, err := read()
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, module, 0o644); err != nil {
		return err
	}
	fmt.Println("sha256:" + digest)
	return nil
}
