package objects

import (
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// event is one change; its place in the store's list of them is its resource version.
type event struct {
	watch.EventType
	of     *resource
	object *unstructured.Unstructured
}

// store is what etcd is to an API server: objects, and each change of them.
type store struct {
	mutex   sync.Mutex
	objects map[*resource]map[types.NamespacedName]*unstructured.Unstructured
	events  []event
	// Closed, and made anew, with each change.
	changed chan struct{}
}

func newStore() *store {
	// The first event has no object, so that no resource version is 0, which means "any".
	return &store{objects: map[*resource]map[types.NamespacedName]*unstructured.Unstructured{}, events: make([]event, 1), changed: make(chan struct{})}
}

// change takes what is there, or nil, and gives what is to be there, or nil.
type change func(live *unstructured.Unstructured) (*unstructured.Unstructured, error)

// update changes one object, or, with dryRun, says what would become of it.
func (s *store) update(of *resource, name types.NamespacedName, dryRun bool, change change) (*unstructured.Unstructured, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	live := s.objects[of][name]
	wanted, err := change(live.DeepCopy())
	if err != nil || (wanted == nil && live == nil) {
		return nil, err
	}
	kind := watch.Modified
	switch {
	case wanted == nil:
		kind, wanted = watch.Deleted, live.DeepCopy()
	case live == nil:
		kind = watch.Added
		wanted.SetUID(types.UID(uuid.NewString()))
		wanted.SetCreationTimestamp(metav1.NewTime(time.Now()))
	default:
		if version := wanted.GetResourceVersion(); version != "" && version != live.GetResourceVersion() {
			return nil, apierrors.NewConflict(of.GroupResource(), name.Name, errModified)
		}
		wanted.SetUID(live.GetUID())
		wanted.SetCreationTimestamp(live.GetCreationTimestamp())
		wanted.SetResourceVersion(live.GetResourceVersion())
		if equality.Semantic.DeepEqual(live.Object, wanted.Object) {
			return wanted, nil
		}
	}
	if !dryRun {
		s.record(event{kind, of, wanted}, name)
	}
	return wanted, nil
}

func (s *store) record(happened event, name types.NamespacedName) {
	happened.object.SetResourceVersion(strconv.Itoa(len(s.events)))
	happened.object = happened.object.DeepCopy()
	if s.objects[happened.of] == nil {
		s.objects[happened.of] = map[types.NamespacedName]*unstructured.Unstructured{}
	}
	if happened.EventType == watch.Deleted {
		delete(s.objects[happened.of], name)
	} else {
		s.objects[happened.of][name] = happened.object
	}
	s.events = append(s.events, happened)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *store) get(of *resource, name types.NamespacedName) (*unstructured.Unstructured, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if object := s.objects[of][name]; object != nil {
		return object.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(of.GroupResource(), name.Name)
}

// list gives the objects that are selected, by namespace and name, and the resource version of the newest change.
func (s *store) list(of *resource, selected func(*unstructured.Unstructured) bool) ([]unstructured.Unstructured, int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found := []unstructured.Unstructured{}
	names := slices.SortedFunc(maps.Keys(s.objects[of]), func(a, b types.NamespacedName) int {
		return compare(a.Namespace, b.Namespace, a.Name, b.Name)
	})
	for _, name := range names {
		if object := s.objects[of][name]; selected(object) {
			found = append(found, *object.DeepCopy())
		}
	}
	return found, len(s.events) - 1
}

// after gives what has happened since a resource version, and what is closed when more does.
func (s *store) after(version int) ([]event, <-chan struct{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.events[min(version+1, len(s.events)):], s.changed
}
