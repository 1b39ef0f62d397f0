// A terminal for a command, with a window that can be resized: `terminal COMMAND…`. What stands on standard input, one JSON string a line, is
// typed; a line [ROWS,COLUMNS] resizes. The exit code is the command's.
package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"

	"github.com/creack/pty"
)

func main() {
	command := exec.Command(os.Args[1], os.Args[2:]...)
	terminal, err := pty.StartWithSize(command, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		panic(err)
	}
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			act(terminal, lines.Bytes())
		}
		// The terminal is closed, and what runs in it is told so.
		_ = command.Process.Kill()
	}()
	// It ends with an error, EIO, when the command does.
	_, _ = io.Copy(os.Stdout, terminal)
	_ = command.Wait()
	os.Exit(command.ProcessState.ExitCode())
}

func act(terminal *os.File, line []byte) {
	var typed string
	if json.Unmarshal(line, &typed) == nil {
		_, _ = terminal.WriteString(typed)
		return
	}
	var size [2]uint16
	if err := json.Unmarshal(line, &size); err != nil {
		panic(err)
	}
	_ = pty.Setsize(terminal, &pty.Winsize{Rows: size[0], Cols: size[1]})
}
