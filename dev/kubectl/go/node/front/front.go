// Package front is what an API server does with the subresources of pods that are streams: it proxies them to the kubelet. The handlers
// are its own (k8s.io/apiserver), put together as in pkg/registry/core/pod/rest/subresources.go of Kubernetes 1.36.
package front

import (
	"net/http"
	"net/url"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/proxy"
	translator "k8s.io/apiserver/pkg/util/proxy"
	"k8s.io/streaming/pkg/httpstream/wsstream"
)

// Front proxies to one kubelet.
type Front struct {
	kubelet   *url.URL
	transport http.RoundTripper
	// The first container of a pod; an error is the answer.
	container func(namespace, pod string) (string, error)
	refuse    func(http.ResponseWriter, error)
}

// Options say what Front does not know by itself.
type Options struct {
	Kubelet   *url.URL
	Transport http.RoundTripper
	Container func(namespace, pod string) (string, error)
	Refuse    func(http.ResponseWriter, error)
}

// Register adds the paths of the streams.
func Register(mux *http.ServeMux, options Options) {
	front := &Front{kubelet: options.Kubelet, transport: options.Transport, container: options.Container, refuse: options.Refuse}
	const pod = "/api/v1/namespaces/{namespace}/pods/{name}/"
	mux.HandleFunc(pod+"exec", front.remoteCommand("exec"))
	mux.HandleFunc(pod+"attach", front.remoteCommand("attach"))
	mux.HandleFunc(pod+"portforward", front.portForward)
	mux.HandleFunc(pod+"log", front.log)
}

// remoteCommand translates `v5.channel.k8s.io` to SPDY, and passes on all other upgrades as they are.
func (f *Front) remoteCommand(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		location, ok := f.containerAt(w, r, path)
		if !ok {
			return
		}
		query := r.URL.Query()
		asked := translator.Options{
			Stdin: isTrue(query, "stdin"), Stdout: isTrue(query, "stdout"), Stderr: isTrue(query, "stderr"), Tty: isTrue(query, "tty"),
		}
		location.RawQuery = kubeletQuery(query["command"], asked).Encode()
		translated := translator.NewStreamTranslatorHandler(location, f.transport, 0, asked)
		handler := translator.NewTranslatingHandler(f.upgrades(location), translated, wsstream.IsWebSocketRequestWithStreamCloseProtocol)
		handler.ServeHTTP(w, r)
	}
}

func (f *Front) portForward(w http.ResponseWriter, r *http.Request) {
	if _, err := f.container(r.PathValue("namespace"), r.PathValue("name")); err != nil {
		f.refuse(w, err)
		return
	}
	location := f.kubelet.JoinPath("portForward", r.PathValue("namespace"), r.PathValue("name"))
	location.RawQuery = url.Values{"port": r.URL.Query()["ports"]}.Encode()
	upgrades := f.upgrades(location)
	tunnelled := translator.NewTunnelingHandler(upgrades)
	translator.NewTranslatingHandler(upgrades, tunnelled, wsstream.IsWebSocketRequestWithTunnelingProtocol).ServeHTTP(w, r)
}

func (f *Front) log(w http.ResponseWriter, r *http.Request) {
	location, ok := f.containerAt(w, r, "containerLogs")
	if !ok {
		return
	}
	query := r.URL.Query()
	query.Del("container")
	location.RawQuery = query.Encode()
	proxy.NewUpgradeAwareHandler(location, f.transport, false, false, responder{f.refuse}).ServeHTTP(w, r)
}

func (f *Front) upgrades(location *url.URL) http.Handler {
	return proxy.NewUpgradeAwareHandler(location, f.transport, false, true, responder{f.refuse})
}

// containerAt is the kubelet's address for the container that the request names, or for the pod's first.
func (f *Front) containerAt(w http.ResponseWriter, r *http.Request, path string) (*url.URL, bool) {
	namespace, pod := r.PathValue("namespace"), r.PathValue("name")
	container, err := f.container(namespace, pod)
	if err != nil {
		f.refuse(w, err)
		return nil, false
	}
	if named := r.URL.Query().Get("container"); named != "" {
		container = named
	}
	return f.kubelet.JoinPath(path, namespace, pod, container), true
}

// kubeletQuery says it in the kubelet's words.
func kubeletQuery(command []string, asked translator.Options) url.Values {
	query := url.Values{}
	for _, word := range command {
		query.Add(corev1.ExecCommandParam, word)
	}
	for name, wanted := range map[string]bool{
		corev1.ExecStdinParam: asked.Stdin, corev1.ExecStdoutParam: asked.Stdout, corev1.ExecStderrParam: asked.Stderr, corev1.ExecTTYParam: asked.Tty,
	} {
		if wanted {
			query.Set(name, "1")
		}
	}
	return query
}

// isTrue reads what conversions of query parameters take for true.
func isTrue(query url.Values, name string) bool {
	values, there := query[name]
	return there && values[0] != "false" && values[0] != "0"
}

type responder struct {
	refuse func(http.ResponseWriter, error)
}

// Error answers in Kubernetes' words.
func (r responder) Error(w http.ResponseWriter, _ *http.Request, err error) {
	r.refuse(w, err)
}
