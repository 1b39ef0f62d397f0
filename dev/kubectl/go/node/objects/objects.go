// Package objects is an API of Kubernetes over a memory: lists, watches, patches and server-side apply of a few kinds, by Kubernetes' own
// libraries (k8s.io/apimachinery). It has no controllers, no defaults and no admission: an object stays as it was sent.
package objects

import (
	"io"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/client-go/kubernetes/scheme"
)

// API serves the objects.
type API struct {
	store     *store
	ownership *ownership
}

// New has the objects that are given, with their kinds.
func New(there ...runtime.Object) (*API, error) {
	owned, err := newOwnership()
	if err != nil {
		return nil, err
	}
	api := &API{store: newStore(), ownership: owned}
	for _, one := range there {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(one)
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{Object: content}
		kind := object.GroupVersionKind()
		for _, of := range resources {
			if of.gvk() == kind {
				_, err = api.store.update(of, nameOf(object), false, func(*unstructured.Unstructured) (*unstructured.Unstructured, error) { return object, nil })
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return api, nil
}

// Register adds the paths of all objects, and the documents that tell of them.
func (a *API) Register(mux *http.ServeMux) error {
	for _, root := range []string{"/api/{version}", "/apis/{group}/{version}"} {
		for _, collection := range []string{root + "/{resource}", root + "/namespaces/{namespace}/{resource}"} {
			mux.HandleFunc("GET "+collection, answer(a.list))
			mux.HandleFunc("POST "+collection, answer(a.create))
		}
		for _, one := range []string{root + "/{resource}/{name}", root + "/namespaces/{namespace}/{resource}/{name}"} {
			mux.HandleFunc("GET "+one, answer(a.get))
			mux.HandleFunc("PUT "+one, answer(a.put))
			mux.HandleFunc("PATCH "+one, answer(a.patch))
			mux.HandleFunc("DELETE "+one, answer(a.delete))
		}
	}
	mux.HandleFunc("POST /decode", decode)
	return registerDiscovery(mux)
}

// Container is the first one of a pod.
func (a *API) Container(namespace, pod string) (string, error) {
	found, err := a.store.get(find("", "v1", "pods"), types.NamespacedName{Namespace: namespace, Name: pod})
	if err != nil {
		return "", err
	}
	var typed corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, &typed); err != nil {
		return "", err
	}
	if len(typed.Spec.Containers) == 0 {
		return "", apierrors.NewBadRequest("the pod has no container")
	}
	return typed.Spec.Containers[0].Name, nil
}

// Refuse answers with the Status of an error.
func Refuse(w http.ResponseWriter, err error) {
	status := apierrors.NewInternalError(err).Status()
	if known, ok := err.(apierrors.APIStatus); ok {
		status = known.Status()
	}
	status.Kind, status.APIVersion = "Status", "v1"
	send(w, int(status.Code), status)
}

// decode answers with the body in JSON: dev/cluster answers reviews itself, and cannot read protobuf.
func decode(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		Refuse(w, err)
		return
	}
	decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		Refuse(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	send(w, http.StatusOK, decoded)
}

type handler func(w http.ResponseWriter, r *request) error

func answer(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := read(r)
		if err == nil {
			err = handle(w, request)
		}
		if err != nil {
			Refuse(w, err)
		}
	}
}

func nameOf(object *unstructured.Unstructured) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}

func (a *API) get(w http.ResponseWriter, r *request) error {
	if r.is("watch", "true") || r.is("watch", "1") {
		return a.watch(w, r)
	}
	found, err := a.store.get(r.of, r.name)
	if err == nil {
		send(w, http.StatusOK, found)
	}
	return err
}

func (a *API) list(w http.ResponseWriter, r *request) error {
	if r.is("watch", "true") || r.is("watch", "1") {
		return a.watch(w, r)
	}
	selected, err := r.selected()
	if err != nil {
		return err
	}
	items, version := a.store.list(r.of, selected)
	list := &unstructured.UnstructuredList{Items: items}
	list.SetGroupVersionKind(r.of.GroupVersion().WithKind(r.of.kind + "List"))
	list.SetResourceVersion(resourceVersion(version))
	send(w, http.StatusOK, list)
	return nil
}

func (a *API) create(w http.ResponseWriter, r *request) error {
	object, err := r.object()
	if err != nil {
		return err
	}
	if err := a.checked(r, object); err != nil {
		return err
	}
	if object.GetName() == "" {
		object.SetName(names.SimpleNameGenerator.GenerateName(object.GetGenerateName()))
	}
	created, err := a.store.update(r.of, nameOf(object), r.dryRun(), func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if live != nil {
			return nil, apierrors.NewAlreadyExists(r.of.GroupResource(), object.GetName())
		}
		return a.managed(r, empty(r.of.gvk()), object)
	})
	if err == nil {
		send(w, http.StatusCreated, created)
	}
	return err
}

func (a *API) put(w http.ResponseWriter, r *request) error {
	object, err := r.object()
	if err != nil {
		return err
	}
	if err := a.checked(r, object); err != nil {
		return err
	}
	updated, err := a.store.update(r.of, r.name, r.dryRun(), func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if live == nil {
			return nil, apierrors.NewNotFound(r.of.GroupResource(), r.name.Name)
		}
		return a.managed(r, live, object)
	})
	if err == nil {
		send(w, http.StatusOK, updated)
	}
	return err
}

func (a *API) delete(w http.ResponseWriter, r *request) error {
	deleted, err := a.store.update(r.of, r.name, r.dryRun(), func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if live == nil {
			return nil, apierrors.NewNotFound(r.of.GroupResource(), r.name.Name)
		}
		return nil, nil
	})
	if err != nil {
		return err
	}
	send(w, http.StatusOK, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
		Details: &metav1.StatusDetails{Name: r.name.Name, Group: r.of.Group, Kind: r.of.Resource, UID: deleted.GetUID()},
	})
	return nil
}

// checked refuses unknown fields where that is asked for.
func (a *API) checked(r *request, object *unstructured.Unstructured) error {
	if !r.is("fieldValidation", metav1.FieldValidationStrict) {
		return nil
	}
	if err := a.ownership.check(object); err != nil {
		return apierrors.NewBadRequest("strict decoding error: " + err.Error())
	}
	return nil
}

// managed notes which fields the caller has changed.
func (a *API) managed(r *request, live, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	noted, err := a.ownership.managers[r.of.gvk()].Update(live, object, r.manager())
	if err != nil {
		return nil, err
	}
	return noted.(*unstructured.Unstructured), nil
}
