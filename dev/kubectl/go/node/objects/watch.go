package objects

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

func resourceVersion(version int) string {
	return strconv.Itoa(version)
}

// watch streams changes until the client goes or its time is over. Without a resource version, with 0, or asked for initial events, it
// begins with what is there.
func (a *API) watch(w http.ResponseWriter, r *request) error {
	selected, err := r.selected()
	if err != nil {
		return err
	}
	since, err := r.since()
	if err != nil {
		return err
	}
	var over <-chan time.Time
	if seconds, err := strconv.Atoi(r.URL.Query().Get("timeoutSeconds")); err == nil {
		over = time.After(time.Duration(seconds) * time.Second)
	}
	w.Header().Set("Content-Type", "application/json")
	stream := stream{json.NewEncoder(w), http.NewResponseController(w)}
	if since == 0 || r.is("sendInitialEvents", "true") {
		since = a.sendInitial(stream, r, selected)
	}
	_ = stream.controller.Flush()
	for {
		events, changed := a.store.after(since)
		for _, one := range events {
			since++
			if one.of == r.of && selected(one.object) && stream.send(one.EventType, one.object) != nil {
				return nil
			}
		}
		select {
		case <-changed:
		case <-over:
			return nil
		case <-r.Context().Done():
			return nil
		}
	}
}

func (r *request) since() (int, error) {
	version := r.URL.Query().Get("resourceVersion")
	if version == "" {
		return 0, nil
	}
	since, err := strconv.Atoi(version)
	if err != nil {
		return 0, apierrors.NewBadRequest(err.Error())
	}
	return since, nil
}

// sendInitial sends all that is there and, where it was asked for, the bookmark that ends it.
func (a *API) sendInitial(to stream, r *request, selected func(*unstructured.Unstructured) bool) int {
	items, version := a.store.list(r.of, selected)
	for at := range items {
		_ = to.send(watch.Added, &items[at])
	}
	if r.is("sendInitialEvents", "true") && r.is("allowWatchBookmarks", "true") {
		end := empty(r.of.gvk())
		end.SetResourceVersion(resourceVersion(version))
		end.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
		_ = to.send(watch.Bookmark, end)
	}
	return version
}

type stream struct {
	*json.Encoder
	controller *http.ResponseController
}

func (s stream) send(kind watch.EventType, object *unstructured.Unstructured) error {
	if err := s.Encode(map[string]any{"type": kind, "object": object}); err != nil {
		return err
	}
	return s.controller.Flush()
}
