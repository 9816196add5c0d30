package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	yaml12 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// checkSpelling reads YAML files, and the YAML blocks of Markdown pages, as `kubectl apply -f` does (YAML 1.1, where an
// unquoted `y`, `n`, `yes` or `off` is a bool, as a key too) and as everybody else does (YAML 1.2), and tells where the
// two find something else.
func checkSpelling(files []string) error {
	blocks, faults := 0, 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, block := range yamlBlocks(path, string(text)) {
			blocks++
			if fault := readAlike(block.text); fault != nil {
				faults++
				fmt.Fprintf(os.Stderr, "%s:%d: %v\n", path, block.line, fault)
			}
		}
	}
	fmt.Printf("%d YAML documents of %d files read by two readers, %d faults\n", blocks, len(files), faults)
	if blocks == 0 {
		return fmt.Errorf("there was no YAML: nothing was checked")
	}
	if faults > 0 {
		return fmt.Errorf("kubectl would read this otherwise than it looks: quote what it takes for a bool")
	}
	return nil
}

// A block is a YAML document and the line of its file that it begins at.
type block struct {
	line int
	text string
}

func yamlBlocks(path, text string) []block {
	if filepath.Ext(path) != ".md" {
		return split(1, text)
	}
	var blocks []block
	var open *block
	for index, line := range strings.Split(text, "\n") {
		switch {
		case open == nil && strings.TrimSpace(line) == "```yaml":
			open = &block{line: index + 2}
		case open != nil && strings.TrimSpace(line) == "```":
			blocks = append(blocks, split(open.line, open.text)...)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return blocks
}

// split parts a stream into its documents.
func split(first int, stream string) []block {
	var blocks []block
	current := block{line: first}
	for index, line := range strings.SplitAfter(stream, "\n") {
		if strings.TrimRight(line, "\r\n ") == "---" {
			blocks = append(blocks, current)
			current = block{line: first + index + 1}
			continue
		}
		current.text += line
	}
	return append(blocks, current)
}

// readAlike tells how the two readers differ; nil where they don't.
func readAlike(text string) error {
	asKubectl, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return fmt.Errorf("kubectl can't read it: %w", err)
	}
	var one, other any
	if err := json.Unmarshal(asKubectl, &one); err != nil {
		return err
	}
	if err := yaml12.Unmarshal([]byte(text), &other); err != nil {
		return fmt.Errorf("a reader of YAML 1.2 can't read it: %w", err)
	}
	// By way of JSON, so that both have the same types of numbers.
	asOthers, err := json.Marshal(other)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(asOthers, &other); err != nil {
		return err
	}
	return difference("", one, other)
}

// difference names the first place where two documents differ.
func difference(at string, kubectl, others any) error {
	switch one := kubectl.(type) {
	case map[string]any:
		other, same := others.(map[string]any)
		if !same {
			break
		}
		for key, value := range one {
			if _, found := other[key]; !found {
				return fmt.Errorf("`%s`: kubectl finds a key `%s` that is not there", at, key)
			}
			if fault := difference(at+"."+key, value, other[key]); fault != nil {
				return fault
			}
		}
		for key := range other {
			if _, found := one[key]; !found {
				return fmt.Errorf("`%s`: kubectl does not find the key `%s`: quote it", at, key)
			}
		}
		return nil
	case []any:
		other, same := others.([]any)
		if !same || len(one) != len(other) {
			break
		}
		for index := range one {
			if fault := difference(fmt.Sprintf("%s[%d]", at, index), one[index], other[index]); fault != nil {
				return fault
			}
		}
		return nil
	}
	if reflect.DeepEqual(kubectl, others) {
		return nil
	}
	return fmt.Errorf("`%s`: kubectl reads `%v`, others `%v`: quote it", at, kubectl, others)
}
