package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

var reflectStrings = reflect.TypeFor[[]string]()

// A change of the good plugin, and what the API server says of it.
type admissionCase struct {
	Set     string `json:"set"`
	To      any    `json:"to"`
	Refused string `json:"refused"`
}

type admissionCases struct {
	Good  map[string]any  `json:"good"`
	Cases []admissionCase `json:"cases"`
}

// Holds the policy of a file against cases, against the plugins of the builds in a folder and the documents of files, which it
// must take, and its lists of keys against the schema.
func checkAdmission(file, schema, cases, builds string, files []string) error {
	policy, err := newPolicy(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(cases)
	if err != nil {
		return err
	}
	var all admissionCases
	if err := yaml.UnmarshalStrict(text, &all); err != nil {
		return fmt.Errorf("%s: %w", cases, err)
	}
	faults, err := policy.staleKeys(all.Good, schema)
	if err != nil {
		return err
	}
	number, found, err := policy.checkBuilds(builds)
	if err != nil {
		return err
	}
	faults = append(faults, found...)
	documents, found, err := policy.checkDocuments(all.Good, files)
	if err != nil {
		return err
	}
	faults = append(faults, found...)
	if found, err := policy.refusals(all.Good); err != nil || len(found) > 0 {
		faults = append(faults, fmt.Sprintf("the good plugin of %s is refused: %q %v", cases, found, err))
	}
	for _, one := range all.Cases {
		object := runtime.DeepCopyJSON(all.Good)
		if err := set(object, strings.Split(one.Set, "."), one.To); err != nil {
			return fmt.Errorf("%s: %s: %w", cases, one.Set, err)
		}
		refusals, err := policy.refusals(object)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", cases, one.Set, err)
		}
		if said := strings.Join(refusals, "\n"); one.Refused == "" && said != "" || !strings.Contains(said, one.Refused) {
			faults = append(faults, fmt.Sprintf("%s = %v: %q, not %q", one.Set, one.To, said, one.Refused))
		}
	}
	for _, fault := range faults {
		fmt.Fprintf(os.Stderr, "%s: %s\n", file, fault)
	}
	fmt.Printf("%d plugins, %d documents and %d cases checked with %s, %d faults\n", number, documents, len(all.Cases), file, len(faults))
	if len(faults) > 0 || number == 0 {
		return fmt.Errorf("an API server would say something else")
	}
	return nil
}

// How many plugins of Attaché the builds of a folder have, and which of them the policy would refuse.
func (p *policy) checkBuilds(folder string) (int, []string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return 0, nil, err
	}
	number := 0
	var faults []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, nil, err
		}
		for _, document := range documents(text) {
			var object map[string]any
			if err := yaml.Unmarshal(document, &object); err != nil || object["kind"] != "WasmPlugin" {
				continue
			}
			number++
			refusals, err := p.refusals(object)
			if err != nil || len(refusals) > 0 {
				faults = append(faults, fmt.Sprintf("%s: refused: %q %v", file, refusals, err))
			}
		}
	}
	return number, faults, nil
}

// Sets what a path of keys and numbers leads to.
func set(object any, path []string, to any) error {
	last := len(path) == 1
	switch parent := object.(type) {
	case map[string]any:
		if last {
			parent[path[0]] = to
			return nil
		}
		return set(parent[path[0]], path[1:], to)
	case []any:
		index, err := strconv.Atoi(path[0])
		if err != nil || index < 0 || index >= len(parent) {
			return fmt.Errorf("`%s` is no number of an element", path[0])
		}
		if last {
			parent[index] = to
			return nil
		}
		return set(parent[index], path[1:], to)
	}
	return fmt.Errorf("nothing is at `%s`", path[0])
}
