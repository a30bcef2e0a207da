// Portolan publishes Helm charts as a static site. The commands are in files
// of their own; what they do is in the packages generator and publisher.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2   // wrong command line
	exitRejected    = 3   // done, but some upload was rejected
	exitInterrupted = 130 // by a signal
)

// errRejected ends a command that did all it should, and has said what was
// rejected and why.
var errRejected = errors.New("some upload was rejected")

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: &checkedWriter{w: stdout}, stderr: stderr}
	err := p.command(ctx, args)
	if err == errHelp {
		err = nil
	}
	if p.stdout.err != nil && (err == nil || err == errRejected) {
		err = p.stdout.err // results that nobody got are no results
	}
	usage := (*usageError)(nil)
	switch {
	case err == nil:
		return exitDone
	case err == errRejected:
		return exitRejected
	case errors.As(err, &usage):
		p.complain(err)
		return exitUsage
	case ctx.Err() != nil:
		p.complain(errors.New("interrupted"))
		return exitInterrupted
	}
	p.complain(err)
	return exitFailed
}

// program is one run of portolan.
type program struct {
	stdin  io.Reader
	stdout *checkedWriter // results
	stderr io.Writer      // everything else
}

// command runs the command that the first argument names.
func (p *program) command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		io.WriteString(p.stderr, helpOverview)
		return &usageError{} // the help says it all
	}
	name, args := args[0], args[1:]
	switch name {
	case "generate":
		return p.generate(ctx, args)
	case "drop":
		return p.drop(ctx, args)
	case "status":
		return p.status(ctx, args)
	case "verify":
		return p.verify(ctx, args)
	case "preview":
		return p.preview(ctx, args)
	case "token":
		return p.token(args)
	case "version", "--version":
		return p.version(args)
	case "help", "--help", "-h":
		return p.help(args)
	}
	return unknownCommand(name)
}
