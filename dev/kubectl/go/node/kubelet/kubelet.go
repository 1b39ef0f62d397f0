// Package kubelet is the part of a node that an API server asks for streams and logs: the kubelet's paths, its own streaming server
// (k8s.io/cri-streaming), and processes of this machine instead of a container runtime.
package kubelet

import (
	"net/http"
	"net/url"
	"strconv"

	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/cri-streaming/pkg/streaming"
)

// Kubelet answers what an API server asks it.
type Kubelet struct {
	http.Handler
	containers *containers
	streams    streaming.Server
}

// New keeps its containers' files in a folder.
func New(folder string) (*Kubelet, error) {
	kubelet := &Kubelet{containers: newContainers(folder)}
	config := streaming.DefaultConfig
	config.BaseURL = &url.URL{Path: "/streams/"}
	streams, err := streaming.NewServer(config, kubelet.containers)
	if err != nil {
		return nil, err
	}
	kubelet.streams = streams
	mux := http.NewServeMux()
	mux.HandleFunc("/exec/{namespace}/{pod}/{container}", kubelet.exec)
	mux.HandleFunc("/attach/{namespace}/{pod}/{container}", kubelet.attach)
	mux.HandleFunc("/portForward/{namespace}/{pod}", kubelet.portForward)
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", kubelet.logs)
	kubelet.Handler = mux
	return kubelet, nil
}

// Stop ends the containers.
func (k *Kubelet) Stop() {
	k.containers.kill()
}

func (k *Kubelet) exec(w http.ResponseWriter, r *http.Request) {
	if k.asked(w, r) == nil {
		return
	}
	query := r.URL.Query()
	answer, err := k.streams.GetExec(&runtimeapi.ExecRequest{
		ContainerId: idOf(r), Cmd: query["command"],
		Stdin: query.Get("input") == "1", Stdout: query.Get("output") == "1", Stderr: query.Get("error") == "1", Tty: query.Get("tty") == "1",
	})
	k.stream(w, r, answer.GetUrl(), err)
}

func (k *Kubelet) attach(w http.ResponseWriter, r *http.Request) {
	if k.asked(w, r) == nil {
		return
	}
	query := r.URL.Query()
	answer, err := k.streams.GetAttach(&runtimeapi.AttachRequest{
		ContainerId: idOf(r),
		Stdin:       query.Get("input") == "1", Stdout: query.Get("output") == "1", Stderr: query.Get("error") == "1", Tty: query.Get("tty") == "1",
	})
	k.stream(w, r, answer.GetUrl(), err)
}

func (k *Kubelet) portForward(w http.ResponseWriter, r *http.Request) {
	request := &runtimeapi.PortForwardRequest{PodSandboxId: r.PathValue("namespace") + "/" + r.PathValue("pod")}
	// Named in the URL by clients of the first WebSocket protocol alone.
	for _, port := range r.URL.Query()["port"] {
		number, err := strconv.ParseInt(port, 10, 32)
		if err != nil {
			http.Error(w, "port is no number", http.StatusBadRequest)
			return
		}
		request.Port = append(request.Port, int32(number))
	}
	answer, err := k.streams.GetPortForward(request)
	k.stream(w, r, answer.GetUrl(), err)
}

// stream lets the streaming server answer at the address that it has given out, as the kubelet does by proxying to it.
func (k *Kubelet) stream(w http.ResponseWriter, r *http.Request, address string, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	location, err := url.Parse(address)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.URL = location
	k.streams.ServeHTTP(w, r)
}

func (k *Kubelet) logs(w http.ResponseWriter, r *http.Request) {
	container := k.asked(w, r)
	if container == nil {
		return
	}
	query := r.URL.Query()
	from := 0
	if lines, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		from = container.output.tail(lines)
	}
	w.Header().Set("Content-Type", "text/plain")
	to := flushing{w, http.NewResponseController(w)}
	_ = to.controller.Flush()
	if query.Get("follow") == "true" {
		_ = container.output.follow(r.Context(), from, to)
	} else {
		more, _, _ := container.output.after(from)
		_, _ = to.Write(more)
	}
}

// asked is the container of a request; where there can be none, it answers.
func (k *Kubelet) asked(w http.ResponseWriter, r *http.Request) *container {
	container, err := k.containers.get(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil
	}
	return container
}

func idOf(r *http.Request) string {
	return id(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
}

// flushing sends each line at once.
type flushing struct {
	http.ResponseWriter
	controller *http.ResponseController
}

func (f flushing) Write(more []byte) (int, error) {
	written, err := f.ResponseWriter.Write(more)
	if err == nil {
		err = f.controller.Flush()
	}
	return written, err
}
