package objects

import (
	"errors"
	"io"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
)

var errModified = errors.New("the object has been modified; please apply your changes to the latest version and try again")

// request is one for objects.
type request struct {
	*http.Request
	of   *resource
	name types.NamespacedName
	body []byte
}

func read(r *http.Request) (*request, error) {
	group := r.PathValue("group")
	of := find(group, r.PathValue("version"), r.PathValue("resource"))
	if of == nil || of.namespaced != (r.PathValue("namespace") != "") && r.PathValue("name") != "" {
		return nil, &apierrors.StatusError{ErrStatus: metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
			Message: "the server could not find the requested resource",
		}}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 3<<20))
	if err != nil {
		return nil, apierrors.NewRequestEntityTooLargeError(err.Error())
	}
	return &request{Request: r, of: of, name: types.NamespacedName{Namespace: r.PathValue("namespace"), Name: r.PathValue("name")}, body: body}, nil
}

func (r *request) is(parameter, value string) bool {
	return r.URL.Query().Get(parameter) == value
}

func (r *request) dryRun() bool {
	return r.is("dryRun", metav1.DryRunAll)
}

// manager is who writes, as Kubernetes names those that do not say it.
func (r *request) manager() string {
	if named := r.URL.Query().Get("fieldManager"); named != "" {
		return named
	}
	program, _, _ := strings.Cut(r.UserAgent(), "/")
	return program
}

// selected reads the selectors.
func (r *request) selected() (func(*unstructured.Unstructured) bool, error) {
	query := r.URL.Query()
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return func(object *unstructured.Unstructured) bool {
		phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
		named := fields.Set{"metadata.name": object.GetName(), "metadata.namespace": object.GetNamespace(), "status.phase": phase}
		return (r.name.Namespace == "" || object.GetNamespace() == r.name.Namespace) &&
			(r.name.Name == "" || object.GetName() == r.name.Name) &&
			byLabel.Matches(labels.Set(object.GetLabels())) && byField.Matches(named)
	}, nil
}

// object decodes the body: JSON and YAML as they are, protobuf by its type.
func (r *request) object() (*unstructured.Unstructured, error) {
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(r.body, nil, nil)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	object := &unstructured.Unstructured{}
	if strings.Contains(r.Header.Get("Content-Type"), "json") {
		err = object.UnmarshalJSON(r.body)
	} else {
		object.Object, err = runtime.DefaultUnstructuredConverter.ToUnstructured(decoded)
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if object.GroupVersionKind() != r.of.gvk() {
		return nil, apierrors.NewBadRequest("the object provided is no " + r.of.kind)
	}
	if object.GetNamespace() == "" {
		object.SetNamespace(r.name.Namespace)
	}
	if object.GetNamespace() != r.name.Namespace {
		return nil, apierrors.NewBadRequest("the namespace of the provided object does not match the namespace sent on the request")
	}
	return object, nil
}

func compare(pairs ...string) int {
	for at := 0; at+1 < len(pairs); at += 2 {
		if order := strings.Compare(pairs[at], pairs[at+1]); order != 0 {
			return order
		}
	}
	return 0
}
