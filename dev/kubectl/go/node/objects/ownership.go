package objects

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/openapi/openapitest"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// ownership knows who has written which field of an object: Kubernetes' own field managers, over the schemas of its own documents.
type ownership struct {
	types    managedfields.TypeConverter
	managers map[schema.GroupVersionKind]*managedfields.FieldManager
}

func newOwnership() (*ownership, error) {
	schemas, err := embeddedSchemas()
	if err != nil {
		return nil, err
	}
	types, err := managedfields.NewTypeConverter(schemas, false)
	if err != nil {
		return nil, err
	}
	made := &ownership{types: types, managers: map[schema.GroupVersionKind]*managedfields.FieldManager{}}
	for _, one := range resources {
		manager, err := managedfields.NewDefaultCRDFieldManager(types, unconverted{}, unconverted{}, unconverted{}, one.gvk(), one.GroupVersion(), "", nil)
		if err != nil {
			return nil, err
		}
		made.managers[one.gvk()] = manager
	}
	return made, nil
}

func embeddedSchemas() (map[string]*spec.Schema, error) {
	paths, err := openapitest.NewEmbeddedFileClient().Paths()
	if err != nil {
		return nil, err
	}
	schemas := map[string]*spec.Schema{}
	for _, path := range []string{"api/v1", "apis/apps/v1"} {
		text, err := paths[path].Schema("application/json")
		if err != nil {
			return nil, err
		}
		var document spec3.OpenAPI
		if err := json.Unmarshal(text, &document); err != nil {
			return nil, err
		}
		for name, schema := range document.Components.Schemas {
			schemas[name] = schema
		}
	}
	return schemas, nil
}

// check finds fields that the kind does not have.
func (o *ownership) check(object *unstructured.Unstructured) error {
	_, err := o.types.ObjectToTyped(object)
	return err
}

// unconverted stands for conversion, defaults and creation: there is one version of each kind, as it was sent.
type unconverted struct{}

func (unconverted) Convert(_, _, _ any) error { return nil }

func (unconverted) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}

func (unconverted) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

func (unconverted) Default(runtime.Object) {}

func (unconverted) New(kind schema.GroupVersionKind) (runtime.Object, error) {
	return empty(kind), nil
}

func empty(kind schema.GroupVersionKind) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object
}
