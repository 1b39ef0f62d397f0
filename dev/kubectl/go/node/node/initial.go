package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// initial are the namespaces and pods that dev/cluster has by itself, too.
func initial() []runtime.Object {
	there := []runtime.Object{namespace("default"), namespace("team-a"), namespace("team-b")}
	for _, app := range []struct{ namespace, name string }{{"team-a", "web"}, {"team-b", "api"}} {
		for replica := range 2 {
			there = append(there, pod(app.namespace, app.name, fmt.Sprintf("%s-%d", app.name, replica)))
		}
	}
	return there
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/metadata.name": name}},
		Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

func pod(namespace, app, name string) *corev1.Pod {
	image := "registry.example.com/" + app + ":1.0"
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": app, "backstage.io/kubernetes-id": app}},
		Spec:       corev1.PodSpec{NodeName: "development", Containers: []corev1.Container{{Name: app, Image: image}}},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			PodIP:             "127.0.0.1",
			ContainerStatuses: []corev1.ContainerStatus{{Name: app, Image: image, Ready: true}},
		},
	}
}
