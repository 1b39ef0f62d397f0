// The node of the development cluster: exec, attach, port-forward and logs by the kubelet's own streaming server, with processes of this
// machine for containers. Behind dev/cluster it also holds the objects and proxies to itself as an API server does.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"node/certificates"
	"node/front"
	"node/kubelet"
	"node/objects"
)

var (
	folder = flag.String("folder", "", "of the containers' files; there the client's certificate is left too")
	socket = flag.String("socket", "", "the Unix socket on which it is an API server's backside; without one it is a kubelet alone")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

// run serves until standard input closes.
func run() error {
	pair, err := certificates.New()
	if err != nil {
		return err
	}
	if err := pair.WriteClient(*folder); err != nil {
		return err
	}
	streams, err := kubelet.New(*folder)
	if err != nil {
		return err
	}
	defer streams.Stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- http.Serve(tls.NewListener(lingering{listener}, pair.Server()), streams) }()
	if *socket != "" {
		if err := serveAPI(pair, listener.Addr().String(), failed); err != nil {
			return err
		}
	}
	ready, err := json.Marshal(map[string]any{"role": "node", "port": listener.Addr().(*net.TCPAddr).Port})
	if err != nil {
		return err
	}
	fmt.Println(string(ready))
	return untilEnd(failed)
}

func serveAPI(pair *certificates.Pair, kubelet string, failed chan<- error) error {
	api, err := objects.New(initial()...)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	if err := api.Register(mux); err != nil {
		return err
	}
	front.Register(mux, front.Options{
		Kubelet:   &url.URL{Scheme: "https", Host: kubelet},
		Transport: &http.Transport{TLSClientConfig: pair.Client()},
		Container: api.Container,
		Refuse:    objects.Refuse,
	})
	listener, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	go func() { failed <- http.Serve(lingering{listener}, mux) }()
	return nil
}

func untilEnd(failed <-chan error) error {
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		return err
	case <-ended:
	case <-signals:
	}
	return nil
}
