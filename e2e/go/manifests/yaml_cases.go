package main

import (
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// yamlCase is a text, and the JSON that kubectl makes of it, or that it refuses it.
type yamlCase struct {
	YAML    string  `json:"yaml"`
	JSON    *string `json:"json"`
	Refused bool    `json:"refused"`
}

// checkYAMLCases holds the texts that the reader of the filter's tools is tested with against what kubectl and Helm make
// of them.
func checkYAMLCases(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var cases []yamlCase
	if err := json.Unmarshal(text, &cases); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	faults := 0
	for _, c := range cases {
		read, err := yaml.YAMLToJSON([]byte(c.YAML))
		holds := c.Refused == (err != nil) && (err != nil || c.JSON != nil && *c.JSON == string(read))
		if !holds {
			faults++
			fmt.Fprintf(os.Stderr, "%s: %q is read as %s, error: %v\n", path, c.YAML, read, err)
		}
	}
	fmt.Printf("%d texts read as kubectl does, %d faults\n", len(cases), faults)
	if len(cases) == 0 || faults > 0 {
		return fmt.Errorf("%s says something else than sigs.k8s.io/yaml", path)
	}
	return nil
}
