package objects

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resource is one that this API has.
type resource struct {
	schema.GroupVersionResource
	kind       string
	singular   string
	namespaced bool
	shortNames []string
	categories []string
}

func (r *resource) gvk() schema.GroupVersionKind {
	return r.GroupVersion().WithKind(r.kind)
}

func of(group, name, kind, singular string, shortNames ...string) *resource {
	return &resource{
		GroupVersionResource: schema.GroupVersionResource{Group: group, Version: "v1", Resource: name},
		kind:                 kind, singular: singular, namespaced: true, shortNames: shortNames,
	}
}

// resources are those of a chart that helm's own `create` makes, and what people look at.
var resources = []*resource{
	of("", "configmaps", "ConfigMap", "configmap", "cm"),
	of("", "events", "Event", "event", "ev"),
	{
		GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: "namespaces"},
		kind:                 "Namespace", singular: "namespace", shortNames: []string{"ns"},
	},
	of("", "pods", "Pod", "pod", "po"),
	of("", "secrets", "Secret", "secret"),
	of("", "serviceaccounts", "ServiceAccount", "serviceaccount", "sa"),
	of("", "services", "Service", "service", "svc"),
	of("apps", "deployments", "Deployment", "deployment", "deploy"),
	of("apps", "replicasets", "ReplicaSet", "replicaset", "rs"),
	of("apps", "statefulsets", "StatefulSet", "statefulset", "sts"),
}

// streams are the subresources that front serves, with the verbs that they are asked for.
var streams = map[string]metav1.Verbs{
	"pods/attach":      {"create", "get"},
	"pods/exec":        {"create", "get"},
	"pods/log":         {"get"},
	"pods/portforward": {"create", "get"},
}

func find(group, version, name string) *resource {
	for _, one := range resources {
		if one.Group == group && one.Version == version && one.Resource == name {
			return one
		}
	}
	return nil
}
