package main

import (
	"io"
	"net"
	"sync"
	"time"
)

const linger = 30 * time.Second

// lingering closes connections so that their peers can read all that was sent. The streaming server closes at once when a command has
// ended: if something unread has arrived by then, such as a ping, the system resets the connection, and the end of the output is lost.
// Real nodes have that flaw (kubectl cp has --retries for it), but here a test could not tell whether it was the backend.
type lingering struct{ net.Listener }

func (l lingering) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lingeringConnection{Conn: connection}, nil
}

type lingeringConnection struct {
	net.Conn
	once sync.Once
}

func (c *lingeringConnection) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite()
}

func (c *lingeringConnection) Close() error {
	c.once.Do(func() {
		if c.CloseWrite() != nil {
			_ = c.Conn.Close()
			return
		}
		_ = c.SetDeadline(time.Now().Add(linger))
		go func() {
			_, _ = io.Copy(io.Discard, c.Conn)
			_ = c.Conn.Close()
		}()
	})
	return nil
}
