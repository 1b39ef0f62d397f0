package objects

import (
	"encoding/json"
	"mime"
	"net/http"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

func (a *API) patch(w http.ResponseWriter, r *request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	status := http.StatusOK
	patched, err := a.store.update(r.of, r.name, r.dryRun(), func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if types.PatchType(kind) == types.ApplyYAMLPatchType {
			if live == nil {
				status = http.StatusCreated
			}
			return a.apply(r, live)
		}
		if live == nil {
			return nil, apierrors.NewNotFound(r.of.GroupResource(), r.name.Name)
		}
		object, err := patchedBy(types.PatchType(kind), r, live)
		if err != nil {
			return nil, err
		}
		if err := a.checked(r, object); err != nil {
			return nil, err
		}
		return a.managed(r, live, object)
	})
	if err == nil {
		send(w, status, patched)
	}
	return err
}

// apply is server-side apply.
func (a *API) apply(r *request, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	applied := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(r.body, &applied.Object); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if live == nil {
		live = empty(r.of.gvk())
		live.SetNamespace(r.name.Namespace)
		live.SetName(r.name.Name)
	}
	if err := a.checked(r, applied); err != nil {
		return nil, err
	}
	merged, err := a.ownership.managers[r.of.gvk()].Apply(live, applied, r.manager(), r.is("force", "true"))
	if err != nil {
		return nil, err
	}
	return merged.(*unstructured.Unstructured), nil
}

func patchedBy(kind types.PatchType, r *request, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	before, err := live.MarshalJSON()
	if err != nil {
		return nil, err
	}
	after, err := patchedJSON(kind, r, before)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(after); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return object, nil
}

func patchedJSON(kind types.PatchType, r *request, before []byte) ([]byte, error) {
	patch, err := yaml.YAMLToJSON(r.body)
	if err != nil {
		return nil, err
	}
	switch kind {
	case types.JSONPatchType:
		operations, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			return nil, err
		}
		return operations.Apply(before)
	case types.MergePatchType:
		return jsonpatch.MergePatch(before, patch)
	case types.StrategicMergePatchType:
		typed, err := scheme.Scheme.New(r.of.gvk())
		if err != nil {
			return nil, err
		}
		return strategicpatch.StrategicMergePatch(before, patch, typed)
	default:
		return nil, &json.UnsupportedValueError{Str: string(kind)}
	}
}
