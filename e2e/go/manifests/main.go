// Command manifests builds every kustomization below the folders it is given, and holds what comes out, every other
// manifest there and every object in a page against the schemas that clusters would: the definitions of each supported
// release of Istio, of Envoy Gateway and the Prometheus operator with their CEL rules, and the types of Kubernetes.
//
//	manifests [-out FOLDER] [-lock FILE] FOLDER|PAGE.md...
//	manifests -spelling FILE...
//	manifests -yaml CASES
//	manifests -admission POLICY SCHEMA CASES BUILDS [FILE...]
//
// -out writes each build there, so that others can look at it, and of each PrometheusRule the file that Prometheus itself
// would read. -spelling tells where kubectl reads a YAML file, or a YAML block of a Markdown page, otherwise than others do. -yaml holds
// the texts of CASES against what kubectl makes of them. -admission has the
// API server's own code hold a ValidatingAdmissionPolicy against the file CASES, the plugins of the folder BUILDS, which an
// earlier run wrote with -out, the configurations in FILEs and the largest that there can be, all of which it must take, and its
// lists of keys against the JSON Schema of the configuration.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	out := flag.String("out", "", "folder that the builds are written to")
	lock := flag.String("lock", "crds.lock", "what pins the definitions")
	admission := flag.String("admission", "", "a ValidatingAdmissionPolicy")
	spelling := flag.Bool("spelling", false, "compare how two readers of YAML read the files")
	yamlCases := flag.String("yaml", "", "texts of YAML, and what kubectl makes of each")
	flag.Parse()
	var err error
	if *spelling {
		err = checkSpelling(flag.Args())
	} else if *yamlCases != "" {
		err = checkYAMLCases(*yamlCases)
	} else if *admission != "" && flag.NArg() >= 3 {
		err = checkAdmission(*admission, flag.Arg(0), flag.Arg(1), flag.Arg(2), flag.Args()[3:])
	} else {
		err = run(*lock, *out, flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(lock, out string, folders []string) error {
	if len(folders) == 0 {
		return fmt.Errorf("no folder is named: nothing would be checked")
	}
	releases, err := fetchReleases(lock)
	if err != nil {
		return err
	}
	checker, err := newChecker(releases)
	if err != nil {
		return err
	}
	sources, err := find(folders)
	if err != nil {
		return err
	}
	objects, faults := 0, 0
	for _, source := range sources {
		manifest, err := source.read()
		if err != nil {
			faults++
			fmt.Fprintf(os.Stderr, "%s: %v\n", source.path, err)
			continue
		}
		if out != "" && source.built {
			if err := write(out, source, manifest); err != nil {
				return err
			}
		}
		needs, err := source.needs()
		if err != nil {
			return err
		}
		number, found := checker.check(manifest, needs)
		objects += number
		faults += len(found)
		for _, fault := range found {
			fmt.Fprintf(os.Stderr, "%s: %v\n", source.path, fault)
		}
		if source.isOverlay() && number != 1 {
			faults++
			fmt.Fprintf(os.Stderr, "%s: an overlay brings the plugin alone, this has %d objects\n", source.path, number)
		}
		if source.isOverlay() && strings.Contains(string(manifest), "imagePullSecret") {
			faults++
			fmt.Fprintf(os.Stderr, "%s: an overlay names a secret that may not be there\n", source.path)
		}
		if number == 0 {
			faults++
			fmt.Fprintf(os.Stderr, "%s: there is no object in it\n", source.path)
		}
	}
	fmt.Printf("%d objects of %d builds, files and pages checked with %d releases, %d faults\n", objects, len(sources), len(releases), faults)
	if faults > 0 {
		return fmt.Errorf("a cluster would refuse this")
	}
	return nil
}

func write(out string, source source, manifest []byte) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := writeRules(out, manifest); err != nil {
		return err
	}
	name := strings.ReplaceAll(filepath.ToSlash(filepath.Clean(source.path)), "/", "-") + ".yaml"
	return os.WriteFile(filepath.Join(out, name), manifest, 0o644)
}

// writeRules writes what the operator would hand to Prometheus.
func writeRules(out string, manifest []byte) error {
	for _, document := range documents(manifest) {
		var rule struct {
			Kind     string `json:"kind"`
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Spec any `json:"spec"`
		}
		if err := yaml.Unmarshal(document, &rule); err != nil {
			return err
		}
		if rule.Kind != "PrometheusRule" {
			continue
		}
		text, err := yaml.Marshal(rule.Spec)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, rule.Metadata.Name+".rules.yaml"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
