package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTime = 30 * time.Second
	stopTime  = time.Minute
)

// server is a shim in its own process.
type server struct {
	url     string
	address string
	command *exec.Cmd
	ended   chan error

	mu   sync.Mutex
	last []string // last lines of its log
}

const keptLines = 20

// startServer starts a program that logs its address when it listens.
func startServer(ctx context.Context, folder, program string, args ...string) (*server, error) {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir = folder
	stderr, err := c.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	s := &server{command: c, ended: make(chan error, 1)}
	listening := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			s.note(lines.Text(), listening)
		}
		s.ended <- c.Wait()
	}()
	select {
	case s.address = <-listening:
	case err = <-s.ended:
		return nil, fmt.Errorf("%s %q ended with %v before it listened\n%s", program, args, err, s.logged())
	case <-time.After(startTime):
		s.kill()
		return nil, fmt.Errorf("%s %q did not start to listen\n%s", program, args, s.logged())
	}
	s.url = "http://" + s.address
	return s, nil
}

// note handles a line of the log.
func (s *server) note(text string, listening chan<- string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = append(s.last, text)
	s.last = s.last[max(0, len(s.last)-keptLines):]
	if s.address != "" || !strings.Contains(text, `"listening"`) {
		return
	}
	var line struct{ Msg, Address string }
	if json.Unmarshal([]byte(text), &line) == nil && line.Msg == "listening" {
		select {
		case listening <- line.Address:
		default:
		}
	}
}

// logged returns the end of the log.
func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.last, "\n")
}

func (s *server) kill() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// stop stops the server as a service manager does, and returns an error if it does
// not end cleanly.
func (s *server) stop() error {
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.ended:
		if err != nil {
			return fmt.Errorf("portolan shim ended with %w\n%s", err, s.logged())
		}
		return nil
	case <-time.After(stopTime):
		s.kill()
		return errors.New("portolan shim did not end")
	}
}

// peak returns the server's peak memory so far, if the system says it.
func (s *server) peak() string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return "-"
	}
	var kib int
	_, after, found := strings.Cut(string(b), "VmHWM:")
	if _, err := fmt.Sscan(after, &kib); !found || err != nil {
		return "-"
	}
	return fmt.Sprintf("%d MiB", kib>>10)
}
