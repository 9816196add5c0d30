package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	admissioncel "k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

// An expression of a policy, as the API server's own code asks for it.
type expression struct {
	name, text string
	returns    []*cel.Type
}

func (e expression) GetName() string          { return e.name }
func (e expression) GetExpression() string    { return e.text }
func (e expression) ReturnTypes() []*cel.Type { return e.returns }

// What an API server takes for a variable, and for a validation.
var (
	anything = []*cel.Type{cel.AnyType, cel.DynType}
	truth    = []*cel.Type{cel.BoolType}
)

// A policy says of an object what an API server with it would.
type policy struct {
	spec                       admissionregistrationv1.ValidatingAdmissionPolicySpec
	lists                      []string
	conditions, rules, answers admissioncel.ConditionEvaluator
	keys                       admissioncel.ConditionEvaluator
}

// Reads the ValidatingAdmissionPolicy of a file and compiles it. An expression that can't be compiled is an error.
func newPolicy(file string) (*policy, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := &policy{}
	for _, document := range documents(text) {
		var object admissionregistrationv1.ValidatingAdmissionPolicy
		if err := yaml.Unmarshal(document, &object); err != nil {
			return nil, err
		}
		if object.Kind == "ValidatingAdmissionPolicy" {
			p.spec = object.Spec
		}
	}
	compiler, err := admissioncel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	options := admissioncel.OptionalVariableDeclarations{}
	var keys, conditions, rules, answers []admissioncel.ExpressionAccessor
	for _, variable := range p.spec.Variables {
		declared := expression{variable.Name, variable.Expression, anything}
		if result := compiler.CompileAndStoreVariable(declared, options, environment.NewExpressions); result.Error != nil {
			return nil, fmt.Errorf("%s: variable %s: %s", file, variable.Name, result.Error.Detail)
		}
		if strings.HasSuffix(variable.Name, "Keys") {
			p.lists = append(p.lists, variable.Name)
			keys = append(keys, expression{variable.Name, "variables." + variable.Name, []*cel.Type{cel.ListType(cel.StringType)}})
		}
	}
	for _, condition := range p.spec.MatchConditions {
		conditions = append(conditions, expression{condition.Name, condition.Expression, truth})
	}
	for _, validation := range p.spec.Validations {
		message := validation.MessageExpression
		if message == "" {
			message = strconv.Quote(validation.Message)
		}
		rules = append(rules, expression{"", validation.Expression, truth})
		answers = append(answers, expression{"", message, []*cel.Type{cel.StringType}})
	}
	compile := func(expressions []admissioncel.ExpressionAccessor) admissioncel.ConditionEvaluator {
		return compiler.CompileCondition(expressions, options, environment.NewExpressions)
	}
	p.keys, p.conditions, p.rules, p.answers = compile(keys), compile(conditions), compile(rules), compile(answers)
	for _, evaluator := range []admissioncel.ConditionEvaluator{p.keys, p.conditions, p.rules, p.answers} {
		if errors := evaluator.CompilationErrors(); len(errors) > 0 {
			return nil, fmt.Errorf("%s: %v", file, errors)
		}
	}
	return p, nil
}

// Evaluates expressions for an object, within what the API server lets them cost.
func (p *policy) evaluate(evaluator admissioncel.ConditionEvaluator, object map[string]any) ([]admissioncel.EvaluationResult, error) {
	plugin := &unstructured.Unstructured{Object: object}
	kind := plugin.GroupVersionKind()
	resource := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: "wasmplugins"}
	attributes := &admission.VersionedAttributes{
		Attributes: admission.NewAttributesRecord(plugin, nil, kind, plugin.GetNamespace(), plugin.GetName(), resource, "",
			admission.Create, nil, false, nil),
		VersionedKind:   kind,
		VersionedObject: admission.NewLazyObject(plugin),
	}
	request := admissioncel.CreateAdmissionRequest(attributes.Attributes, metav1.GroupVersionResource(resource),
		metav1.GroupVersionKind(kind))
	results, _, err := evaluator.ForInput(context.Background(), attributes, request, admissioncel.OptionalVariableBindings{}, nil,
		celconfig.RuntimeCELCostBudget)
	return results, err
}

// Says why the API server would refuse an object; nothing where it would take it, or where the policy is not for it.
func (p *policy) refusals(object map[string]any) ([]string, error) {
	matches, err := p.evaluate(p.conditions, object)
	if err != nil {
		return nil, err
	}
	for _, match := range matches {
		if match.Error != nil {
			return nil, match.Error
		}
		if match.EvalResult != types.True {
			return nil, nil
		}
	}
	verdicts, err := p.evaluate(p.rules, object)
	if err != nil {
		return nil, err
	}
	var refusals []string
	for index, verdict := range verdicts {
		if verdict.Error == nil && verdict.EvalResult == types.True {
			continue
		}
		if verdict.Error != nil {
			refusals = append(refusals, fmt.Sprintf("an error in validation %d: %v", index, verdict.Error))
			continue
		}
		answers, err := p.evaluate(p.answers, object)
		if err != nil {
			return nil, err
		}
		if answers[index].Error != nil {
			return nil, fmt.Errorf("the message of validation %d: %w", index, answers[index].Error)
		}
		refusals = append(refusals, fmt.Sprint(answers[index].EvalResult.Value()))
	}
	return refusals, nil
}

// Tells which of the policy's lists of keys are not those of the JSON Schema of the configuration.
func (p *policy) staleKeys(object map[string]any, file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	type properties struct {
		Properties map[string]any `json:"properties"`
	}
	var document struct {
		properties
		Defs map[string]properties `json:"$defs"`
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	results, err := p.evaluate(p.keys, object)
	if err != nil {
		return nil, err
	}
	var stale []string
	for index, name := range p.lists {
		wanted := document.Properties
		if name != "documentKeys" {
			definition := strings.TrimSuffix(name, "Keys")
			wanted = document.Defs[strings.ToUpper(definition[:1])+definition[1:]].Properties
		}
		var keys []string
		for key := range wanted {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		native, err := results[index].EvalResult.ConvertToNative(reflectStrings)
		if err != nil {
			return nil, err
		}
		if found := native.([]string); !slices.Equal(found, keys) {
			stale = append(stale, fmt.Sprintf("%s is %v, the schema has %v", name, found, keys))
		}
	}
	return stale, nil
}
