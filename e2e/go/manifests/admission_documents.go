package main

import (
	"bytes"
	"fmt"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// Says which documents the policy would refuse though the filter takes them: those of files, which are configurations or
// scenarios, and the largest that there can be, whose expressions cost the API server most.
func (p *policy) checkDocuments(good map[string]any, files []string) (int, []string, error) {
	documents := largest()
	for _, file := range files {
		found, err := configurations(file)
		if err != nil {
			return 0, nil, err
		}
		if len(found) == 0 {
			return 0, nil, fmt.Errorf("%s: there is no configuration in it", file)
		}
		for index, document := range found {
			documents[fmt.Sprintf("%s, configuration %d", file, index+1)] = document
		}
	}
	var faults []string
	for name, document := range documents {
		object := runtime.DeepCopyJSON(good)
		if err := set(object, []string{"spec", "pluginConfig"}, document); err != nil {
			return 0, nil, err
		}
		refusals, err := p.refusals(object)
		if err != nil || len(refusals) > 0 {
			faults = append(faults, fmt.Sprintf("%s: refused: %q %v", name, refusals, err))
		}
	}
	return len(documents), faults, nil
}

// The configurations of a file: whatever has issuers, but for those that a scenario says are refused.
func configurations(file string) ([]map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []map[string]any
	for _, document := range documents(text) {
		text, err := yaml.YAMLToJSON(document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var object any
		if err := utiljson.Unmarshal(bytes.TrimSpace(text), &object); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		found = append(found, within(object)...)
	}
	return found, nil
}

func within(object any) []map[string]any {
	var found []map[string]any
	switch one := object.(type) {
	case map[string]any:
		if _, is := one["issuers"]; is {
			return []map[string]any{one}
		}
		if _, refused := one["refused"]; refused {
			return nil
		}
		for _, value := range one {
			found = append(found, within(value)...)
		}
	case []any:
		for _, value := range one {
			found = append(found, within(value)...)
		}
	}
	return found
}

// Documents at the limits of docs/configuration.md, as far as etcd takes them (1.5 MiB), and those that cost most among the
// ones whose rules the policy looks into.
func largest() map[string]map[string]any {
	texts := func(text string) []any { return []any{text} }
	operation := map[string]any{
		"paths": texts("/a"), "methods": texts("GET"), "hosts": texts("a"), "ports": []any{int64(80)},
		"notPaths": texts("/b"), "notMethods": texts("PUT"), "notHosts": texts("b"), "notPorts": []any{int64(81)},
	}
	small := map[string]any{"paths": texts("/a")}
	rules := func(number, entries int, entry map[string]any) []any {
		return repeated(number, map[string]any{
			"action": "ALLOW", "authentication": "REQUIRED", "mode": "ENFORCE", "onKeysUnavailable": "DENY",
			"from": []any{map[string]any{"namespaces": texts("a")}}, "when": []any{map[string]any{"claim": "a", "exists": true}},
			"roles": map[string]any{"anyOf": texts("a"), "allOf": texts("b"), "noneOf": texts("c")},
			"to":    repeated(entries, entry),
		})
	}
	policies := func(number int, rules []any) map[string]any {
		return map[string]any{
			"issuers": []any{map[string]any{"name": "tyk", "issuer": "https://tyk.example.com", "jwksUri": "https://tyk.example.com/jwks"}},
			"policies": repeated(number, map[string]any{
				"mode": "ENFORCE", "defaultAction": "DENY", "paths": map[string]any{"caseSensitive": false}, "rules": rules,
				"selector": map[string]any{"namespaces": texts("a"), "serviceAccounts": texts("a"), "labels": map[string]any{"a": "b"}},
			}),
		}
	}
	return map[string]map[string]any{
		"one policy of 10,000 rules":         policies(1, rules(10_000, 1, small)),
		"20 policies of 200 rules":           policies(20, rules(200, 1, operation)),
		"50 policies of 200 rules":           policies(50, rules(200, 0, nil)),
		"80 rules of 1,000 entries each":     policies(1, rules(80, 1_000, small)),
		"a policy that is looked into":       policies(1, rules(1_000, 5, operation)),
		"1,000 policies that are, of a rule": policies(1_000, rules(1, 5, operation)),
	}
}

// So many copies of a value, which get names where they can have one.
func repeated(number int, value map[string]any) []any {
	copies := make([]any, 0, number)
	for index := range number {
		one := runtime.DeepCopyJSON(value)
		if _, entry := value["paths"].([]any); !entry {
			one["name"] = fmt.Sprintf("n%d", index)
		}
		copies = append(copies, one)
	}
	return copies
}
