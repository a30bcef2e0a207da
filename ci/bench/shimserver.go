package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// server is a shim in its own process.
type server struct {
	address string
	command *exec.Cmd
	log     bytes.Buffer
}

// startServer starts a shim on the drop area and the site in a folder, and waits until
// it listens.
func startServer(ctx context.Context, folder, portolan string, flags ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{address: l.Addr().String()}
	if err := l.Close(); err != nil {
		return nil, err
	}
	args := append([]string{"shim", "--listen", s.address, "--drop", "drop", "--site", "site"}, flags...)
	s.command = exec.CommandContext(ctx, portolan, args...)
	s.command.Dir, s.command.Stderr = folder, &s.log
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	for begin := time.Now(); time.Since(begin) < 30*time.Second; time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", s.address); err == nil {
			return s, c.Close()
		}
	}
	return nil, s.kill(fmt.Errorf("%s %q does not listen", portolan, args))
}

// kill ends the server, and adds the end of its log to an error.
func (s *server) kill(err error) error {
	_ = s.command.Process.Kill()
	_ = s.command.Wait()
	if err != nil {
		log := s.log.Bytes()
		err = fmt.Errorf("%w\n%s", err, log[max(0, len(log)-2000):])
	}
	return err
}

// peak returns the server's peak memory so far in bytes, or 0 if the system does not
// say it.
func (s *server) peak() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0
	}
	var kib int64
	_, after, found := strings.Cut(string(b), "VmHWM:")
	if _, err := fmt.Sscan(after, &kib); !found || err != nil {
		return 0
	}
	return kib << 10
}
