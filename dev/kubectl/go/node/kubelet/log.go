package kubelet

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// output is all that a container has printed: its log, and what is attached to it.
type output struct {
	mutex sync.Mutex
	bytes []byte
	ended bool
	// Closed, and made anew, with each change.
	changed chan struct{}
}

func newOutput() *output {
	return &output{changed: make(chan struct{})}
}

// Write adds to it; it never fails.
func (o *output) Write(more []byte) (int, error) {
	o.update(func() { o.bytes = append(o.bytes, more...) })
	return len(more), nil
}

func (o *output) end() {
	o.update(func() { o.ended = true })
}

func (o *output) update(change func()) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	change()
	close(o.changed)
	o.changed = make(chan struct{})
}

func (o *output) after(at int) (more []byte, ended bool, changed <-chan struct{}) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.bytes[at:], o.ended, o.changed
}

func (o *output) length() int {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return len(o.bytes)
}

// tail says where the last lines begin.
func (o *output) tail(lines int) int {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	at := len(o.bytes)
	for ; lines > 0 && at > 0; lines-- {
		at = bytes.LastIndexByte(o.bytes[:at-1], '\n') + 1
	}
	return at
}

// follow writes what there is from a place on, and what comes, until the container ends or the reader is gone.
func (o *output) follow(ctx context.Context, at int, to io.Writer) error {
	for {
		more, ended, changed := o.after(at)
		if len(more) > 0 {
			if _, err := to.Write(more); err != nil {
				return err
			}
			at += len(more)
			continue
		}
		if ended {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
