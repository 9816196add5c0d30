package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/yaml"
)

// A release of a product is what a cluster that has it knows besides Kubernetes' own kinds.
type release struct {
	// As the lock names it: `istio`, `envoy-gateway`.
	product string
	// Major and minor: `1.31`.
	version     string
	definitions []*apiextensions.CustomResourceDefinition
}

// fetchReleases gets the definitions that a lock file names, oldest release of a product first. A line of it is
//
//	PRODUCT MODULE VERSION HASH FILE
//
// Modules come from the Go module proxy, as a build's do, and must have the hash that a go.sum would hold.
func fetchReleases(lock string) ([]release, error) {
	text, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var releases []release
	for number, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) != 5 {
			return nil, fmt.Errorf("%s:%d: a line is `PRODUCT MODULE VERSION HASH FILE`", lock, number+1)
		}
		folder, err := download(fields[1], fields[2], fields[3])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", lock, number+1, err)
		}
		found, err := parseDefinitions(filepath.Join(folder, fields[4]))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", lock, number+1, err)
		}
		releases = addDefinitions(releases, release{fields[0], majorMinor(fields[2]), found})
	}
	sort.SliceStable(releases, func(i, j int) bool { return older(releases[i].version, releases[j].version) })
	return releases, nil
}

// addDefinitions adds those of one file to the release that they are of.
func addDefinitions(releases []release, found release) []release {
	for index := range releases {
		if releases[index].product == found.product && releases[index].version == found.version {
			releases[index].definitions = append(releases[index].definitions, found.definitions...)
			return releases
		}
	}
	return append(releases, found)
}

// majorMinor makes `1.31` of `v1.31.4`.
func majorMinor(version string) string {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// older tells whether one version, `1.9` say, comes before another, `1.31`.
func older(one, other string) bool {
	return version.MustParseGeneric(one).LessThan(version.MustParseGeneric(other))
}

func download(module, version, hash string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	// Outside of any module, so that no go.mod has a say.
	command.Dir = os.TempDir()
	output, failure := command.Output()
	var answer struct{ Dir, Sum, Error string }
	if err := json.Unmarshal(output, &answer); err != nil {
		return "", fmt.Errorf("`%s` could not be fetched: %w", module, failure)
	}
	if answer.Error != "" {
		return "", fmt.Errorf("`%s` could not be fetched: %s", module, answer.Error)
	}
	if answer.Sum != hash {
		return "", fmt.Errorf("`%s` %s has the hash %s, not the one that is pinned", module, version, answer.Sum)
	}
	return answer.Dir, nil
}

func parseDefinitions(path string) ([]*apiextensions.CustomResourceDefinition, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var definitions []*apiextensions.CustomResourceDefinition
	for _, document := range documents(text) {
		var definition apiextensions.CustomResourceDefinition
		if err := yaml.Unmarshal(document, &definition); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if definition.Kind == "CustomResourceDefinition" {
			definitions = append(definitions, &definition)
		}
	}
	if len(definitions) == 0 {
		return nil, fmt.Errorf("%s: there is no definition in it", path)
	}
	return definitions, nil
}

// documents parts a YAML stream.
func documents(text []byte) [][]byte {
	var parts [][]byte
	for _, part := range strings.Split("\n"+string(text), "\n---") {
		if strings.TrimSpace(part) != "" {
			parts = append(parts, []byte(part))
		}
	}
	return parts
}
