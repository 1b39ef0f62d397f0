package objects

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/openapi/openapitest"
)

var verbs = metav1.Verbs{"create", "delete", "get", "list", "patch", "update", "watch"}

// groups are those that have a name.
var groups = []string{"apps", "authentication.k8s.io", "authorization.k8s.io"}

func registerDiscovery(mux *http.ServeMux) error {
	mux.HandleFunc("GET /version", document(version.Info{Major: "1", Minor: "36", GitVersion: "v1.36.3-development", Platform: "linux/amd64"}))
	mux.HandleFunc("GET /api", document(metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}}))
	list := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	for _, name := range groups {
		only := metav1.GroupVersionForDiscovery{GroupVersion: name + "/v1", Version: "v1"}
		list.Groups = append(list.Groups, metav1.APIGroup{Name: name, Versions: []metav1.GroupVersionForDiscovery{only}, PreferredVersion: only})
		mux.HandleFunc("GET /apis/"+name+"/v1", document(resourceList(name, name+"/v1")))
	}
	mux.HandleFunc("GET /apis", document(list))
	mux.HandleFunc("GET /api/v1", document(resourceList("", "v1")))
	return registerOpenAPI(mux)
}

func resourceList(group, groupVersion string) metav1.APIResourceList {
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: groupVersion}
	for _, one := range resources {
		if one.Group == group {
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: one.Resource, SingularName: one.singular, Namespaced: one.namespaced, Kind: one.kind, Verbs: verbs, ShortNames: one.shortNames,
			})
		}
	}
	switch group {
	case "":
		for name, verbs := range streams {
			list.APIResources = append(list.APIResources, metav1.APIResource{Name: name, Namespaced: true, Kind: "Pod", Verbs: verbs})
		}
	case "authentication.k8s.io":
		list.APIResources = append(list.APIResources, review("selfsubjectreviews", "SelfSubjectReview"))
	case "authorization.k8s.io":
		list.APIResources = append(list.APIResources, review("selfsubjectaccessreviews", "SelfSubjectAccessReview"))
	}
	slices.SortFunc(list.APIResources, func(a, b metav1.APIResource) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// review is answered by the cluster itself, which knows the users.
func review(name, kind string) metav1.APIResource {
	return metav1.APIResource{Name: name, SingularName: strings.ToLower(kind), Kind: kind, Verbs: metav1.Verbs{"create"}}
}

// registerOpenAPI serves Kubernetes' own documents, as client-go carries them for its tests.
func registerOpenAPI(mux *http.ServeMux) error {
	paths, err := openapitest.NewEmbeddedFileClient().Paths()
	if err != nil {
		return err
	}
	index := map[string]map[string]map[string]string{"paths": {}}
	for _, path := range []string{"api/v1", "apis/apps/v1"} {
		schema, err := paths[path].Schema("application/json")
		if err != nil {
			return err
		}
		address := "/openapi/v3/" + path
		index["paths"][path] = map[string]string{"serverRelativeURL": address + "?hash=1"}
		mux.HandleFunc("GET "+address, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(schema)
		})
	}
	mux.HandleFunc("GET /openapi/v3", document(index))
	return nil
}

func document(content any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, content) }
}

func send(w http.ResponseWriter, status int, content any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(content)
}
