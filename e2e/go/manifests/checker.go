package main

import (
	"context"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
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

// Kinds that a release of a product brings, by `apiVersion kind`.
type kinds struct {
	version string
	defined map[string]definition
}

// A checker knows the kinds that clusters would.
type checker struct {
	// By product, oldest release first.
	products map[string][]kinds
	// Which product an API group is of.
	groups map[string]string
	// Strict, as `kubectl apply` is by default: a field that nobody knows is an error.
	builtin runtime.Decoder
}

func newChecker(releases []release) (*checker, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionregistrationv1.AddToScheme, appsv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	options := json.SerializerOptions{Yaml: true, Strict: true}
	c := &checker{
		products: map[string][]kinds{},
		groups:   map[string]string{},
		builtin:  json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, options),
	}
	for _, release := range releases {
		known := kinds{release.version, map[string]definition{}}
		for _, each := range release.definitions {
			if err := known.add(each); err != nil {
				return nil, fmt.Errorf("%s %s: %w", release.product, release.version, err)
			}
			c.groups[each.Spec.Group] = release.product
		}
		c.products[release.product] = append(c.products[release.product], known)
	}
	return c, nil
}

func (k kinds) add(given *apiextensionsv1.CustomResourceDefinition) error {
	for _, version := range given.Spec.Versions {
		if !version.Served || version.Schema == nil {
			continue
		}
		defined, err := define(version.Schema.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s %s: %w", given.Name, version.Name, err)
		}
		defined.namespaced = given.Spec.Scope == apiextensionsv1.NamespaceScoped
		k.defined[given.Spec.Group+"/"+version.Name+" "+given.Spec.Names.Kind] = defined
	}
	return nil
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

// check tells how many objects a stream has, and what is wrong with them in any supported release of what they are for.
// needs names, by product, the release from which on they are good: those before it must refuse one of them, or it is
// not true.
func (c *checker) check(stream []byte, needs map[string]string) (int, []error) {
	var faults []error
	objects := documents(stream)
	refused := map[string]bool{}
	var parsed []map[string]any
	for _, document := range objects {
		object, err := parse(document)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		parsed = append(parsed, object)
		for _, fault := range c.checkObject(document, object, needs, refused) {
			faults = append(faults, fmt.Errorf("%v `%s`: %w", object["kind"], name(object), fault))
		}
	}
	faults = append(faults, checkModuleFiles(parsed)...)
	for product, since := range needs {
		for _, release := range c.products[product] {
			if older(release.version, since) && !refused[product+" "+release.version] {
				faults = append(faults, fmt.Errorf("it says that it needs %s %s, but %s takes it", product, since, release.version))
			}
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

// checkObject checks an object with every release that it is for, and notes in refused which of those before the needed
// one refuse it.
func (c *checker) checkObject(document []byte, object map[string]any, needs map[string]string, refused map[string]bool) []error {
	apiVersion, _ := object["apiVersion"].(string)
	group, _, _ := strings.Cut(apiVersion, "/")
	product, found := c.groups[group]
	if !found {
		if _, _, err := c.builtin.Decode(document, nil, nil); err != nil {
			return []error{err}
		}
		return checkProxyVolumes(object)
	}
	var faults []error
	for _, release := range c.products[product] {
		found := release.check(runtime.DeepCopyJSON(object))
		if since, gated := needs[product]; gated && older(release.version, since) {
			if len(found) > 0 {
				refused[product+" "+release.version] = true
			}
			continue
		}
		for _, fault := range found {
			faults = append(faults, fmt.Errorf("%s %s: %w", product, release.version, fault))
		}
	}
	return faults
}

// check checks one object, which it changes.
func (k kinds) check(object map[string]any) []error {
	kind := fmt.Sprintf("%v %v", object["apiVersion"], object["kind"])
	defined, found := k.defined[kind]
	if !found {
		return []error{fmt.Errorf("there is no kind `%s`", kind)}
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
