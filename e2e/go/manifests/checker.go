package main

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// A kind of object that a definition describes.
type definition struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
	namespaced bool
}

// A checker knows the kinds that a cluster would.
type checker struct {
	defined map[string]definition
	// Strict, as `kubectl apply` is by default: a field that nobody knows is an error.
	builtin runtime.Decoder
}

func newChecker(definitions []*apiextensionsv1.CustomResourceDefinition) (*checker, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	options := json.SerializerOptions{Yaml: true, Strict: true}
	c := &checker{map[string]definition{}, json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, options)}
	for _, each := range definitions {
		for _, version := range each.Spec.Versions {
			if !version.Served || version.Schema == nil {
				continue
			}
			defined, err := define(version.Schema.OpenAPIV3Schema)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", each.Name, version.Name, err)
			}
			defined.namespaced = each.Spec.Scope == apiextensionsv1.NamespaceScoped
			c.defined[each.Spec.Group+"/"+version.Name+" "+each.Spec.Names.Kind] = defined
		}
	}
	return c, nil
}

func define(given *apiextensionsv1.JSONSchemaProps) (definition, error) {
	var inner apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(given, &inner, nil); err != nil {
		return definition{}, err
	}
	structural, err := schema.NewStructural(&inner)
	if err != nil {
		return definition{}, err
	}
	validator, _, err := validation.NewSchemaValidator(&inner)
	if err != nil {
		return definition{}, err
	}
	return definition{structural, validator, cel.NewValidator(structural, true, celconfig.PerCallLimit), false}, nil
}

// check tells how many objects a stream has, and what is wrong with them.
func (c *checker) check(stream []byte) (int, []error) {
	var faults []error
	objects := documents(stream)
	for _, document := range objects {
		object, err := parse(document)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, fault := range c.checkObject(document, object) {
			faults = append(faults, fmt.Errorf("%v `%s`: %w", object["kind"], name(object), fault))
		}
	}
	return len(objects), faults
}

// parse reads an object as the API server does: repeated keys are errors, and whole numbers are integers.
func parse(document []byte) (map[string]any, error) {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	return object, utiljson.Unmarshal(text, &object)
}

func (c *checker) checkObject(document []byte, object map[string]any) []error {
	kind := fmt.Sprintf("%v %v", object["apiVersion"], object["kind"])
	defined, found := c.defined[kind]
	if !found {
		if _, _, err := c.builtin.Decode(document, nil, nil); err != nil {
			return []error{err}
		}
		return nil
	}
	var faults []error
	if defined.namespaced && name(object) != "" && !strings.Contains(name(object), "/") {
		faults = append(faults, fmt.Errorf("it has no namespace"))
	}
	// As the API server does: defaults, then what is unknown, then the schema, then its rules.
	defaulting.Default(object, defined.structural)
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(object, defined.structural, true, options) {
		faults = append(faults, fmt.Errorf("`%s` is no field of it", path))
	}
	for _, err := range validation.ValidateCustomResource(nil, object, defined.schema) {
		faults = append(faults, err)
	}
	if defined.rules != nil {
		broken, _ := defined.rules.Validate(context.Background(), nil, defined.structural, object, nil, celconfig.RuntimeCELCostBudget)
		for _, err := range broken {
			faults = append(faults, err)
		}
	}
	return faults
}

// name gives `namespace/name`, or the name alone.
func name(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		return namespace + "/" + name
	}
	return name
}
