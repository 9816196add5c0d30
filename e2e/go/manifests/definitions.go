package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// fetchDefinitions gets the definitions that a lock file names. A line of it is
//
//	MODULE VERSION HASH FILE
//
// Modules come from the Go module proxy, as a build's do, and must have the hash that a go.sum would hold.
func fetchDefinitions(lock string) ([]*apiextensions.CustomResourceDefinition, error) {
	text, err := os.ReadFile(lock)
	if err != nil {
		return nil, err
	}
	var definitions []*apiextensions.CustomResourceDefinition
	for number, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		if len(fields) != 4 {
			return nil, fmt.Errorf("%s:%d: a line is `MODULE VERSION HASH FILE`", lock, number+1)
		}
		folder, err := download(fields[0], fields[1], fields[2])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", lock, number+1, err)
		}
		found, err := parseDefinitions(filepath.Join(folder, fields[3]))
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", lock, number+1, err)
		}
		definitions = append(definitions, found...)
	}
	return definitions, nil
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
