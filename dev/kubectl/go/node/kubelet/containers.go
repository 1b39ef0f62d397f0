package kubelet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/creack/pty"
	remotecommand "k8s.io/cri-streaming/pkg/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

// What a container runs until it is attached to: it says three lines, then answers each line that it hears.
const mainProcess = `echo "$POD starting"; echo "$POD listening on :8080"; echo "$POD ready"
while read -r line; do echo "$POD heard $line"; done`

// containers are processes of this machine, each with a folder of its own: the runtime behind the kubelet.
type containers struct {
	folder  string
	mutex   sync.Mutex
	running map[string]*container
	// The process groups to end.
	groups map[int]struct{}
}

type container struct {
	pod    string
	folder string
	stdin  io.Writer
	output *output
}

func newContainers(folder string) *containers {
	return &containers{folder: folder, running: map[string]*container{}, groups: map[int]struct{}{}}
}

func id(namespace, pod, name string) string {
	return namespace + "/" + pod + "/" + name
}

// get starts the container when it is first asked for.
func (c *containers) get(namespace, pod, name string) (*container, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if there := c.running[id(namespace, pod, name)]; there != nil {
		return there, nil
	}
	folder := filepath.Join(c.folder, namespace, pod, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	started := &container{pod: pod, folder: folder, output: newOutput()}
	command := started.command(context.Background(), []string{"sh", "-c", mainProcess})
	command.Stdout, command.Stderr = started.output, started.output
	stdin, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	started.stdin = stdin
	if err := command.Start(); err != nil {
		return nil, err
	}
	c.groups[command.Process.Pid] = struct{}{}
	go func() {
		_ = command.Wait()
		started.output.end()
	}()
	c.running[id(namespace, pod, name)] = started
	return started, nil
}

// command runs in the container's folder, in a process group of its own.
func (c *container) command(ctx context.Context, line []string) *exec.Cmd {
	command := exec.CommandContext(ctx, line[0], line[1:]...)
	command.Dir = c.folder
	command.Env = append(os.Environ(), "POD="+c.pod, "HOME="+c.folder)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return command
}

func (c *containers) byID(id string) (*container, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if there := c.running[id]; there != nil {
		return there, nil
	}
	return nil, fmt.Errorf("there is no container %s", id)
}

// Exec runs a command and ends with it, not with its input: that may stay open.
func (c *containers) Exec(ctx context.Context, id string, line []string, in io.Reader, out, err io.WriteCloser, tty bool, resize <-chan remotecommand.TerminalSize) error {
	container, missing := c.byID(id)
	if missing != nil {
		return missing
	}
	if tty {
		return c.onTerminal(container.command(ctx, line), in, out, resize)
	}
	command := container.command(ctx, line)
	// Never a nil of a type: a process would get a pipe for it.
	if out != nil {
		command.Stdout = out
	}
	if err != nil {
		command.Stderr = err
	}
	var stdin io.WriteCloser
	if in != nil {
		pipe, failed := command.StdinPipe()
		if failed != nil {
			return failed
		}
		stdin = pipe
	}
	if failed := command.Start(); failed != nil {
		return failed
	}
	defer c.track(command.Process.Pid)()
	if stdin != nil {
		go func() {
			_, _ = io.Copy(stdin, in)
			_ = stdin.Close()
		}()
	}
	return exitOf(command.Wait())
}

func (c *containers) onTerminal(command *exec.Cmd, in io.Reader, out io.Writer, resize <-chan remotecommand.TerminalSize) error {
	// It makes a session instead, which is a group as well.
	command.SysProcAttr = nil
	terminal, err := pty.Start(command)
	if err != nil {
		return err
	}
	defer func() { _ = terminal.Close() }()
	defer c.track(command.Process.Pid)()
	if resize != nil {
		go func() {
			for size := range resize {
				_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
			}
		}()
	}
	if in != nil {
		go func() { _, _ = io.Copy(terminal, in) }()
	}
	if out != nil {
		// It ends with an error, EIO, when the last process on the terminal does.
		_, _ = io.Copy(out, terminal)
	}
	return exitOf(command.Wait())
}

// Attach gives what the container prints from now on, and sends it what comes in.
func (c *containers) Attach(ctx context.Context, id string, in io.Reader, out, _ io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize) error {
	container, err := c.byID(id)
	if err != nil {
		return err
	}
	from := container.output.length()
	if in != nil {
		go func() { _, _ = io.Copy(container.stdin, in) }()
	}
	if out == nil {
		<-ctx.Done()
		return nil
	}
	return container.output.follow(ctx, from, out)
}

// PortForward connects to the port on loopback: the pod's network is the machine's.
func (c *containers) PortForward(_ context.Context, _ string, port int32, stream io.ReadWriteCloser) error {
	connection, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer func() { _ = connection.Close() }()
	sent := make(chan struct{})
	go func() {
		_, _ = io.Copy(connection, stream)
		_ = connection.(*net.TCPConn).CloseWrite()
		close(sent)
	}()
	_, err = io.Copy(stream, connection)
	_ = stream.Close()
	<-sent
	return err
}

// track remembers a process group until it has ended.
func (c *containers) track(group int) func() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.groups[group] = struct{}{}
	return func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		delete(c.groups, group)
	}
}

// kill ends every process.
func (c *containers) kill() {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for group := range c.groups {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
}

// exitOf makes of an exit code what the streaming server sends as one.
func exitOf(err error) error {
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		return err
	}
	code := ended.ExitCode()
	if status, ok := ended.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		code = 128 + int(status.Signal())
	}
	return utilexec.CodeExitError{Err: fmt.Errorf("exit status %d", code), Code: code}
}
