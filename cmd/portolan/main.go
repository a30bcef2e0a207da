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

	"github.com/portolan-charts/portolan/publisher/shim"
)

func main() {
	collectLater()
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
	exitUsage       = 2   // wrong settings, on the command line or elsewhere
	exitRejected    = 3   // done, but some upload or action was rejected
	exitInterrupted = 130 // by a signal
)

// errRejected ends a command that did all it should, and has said what was
// rejected and why.
var errRejected = errors.New("some upload or action was rejected")

// errInterrupted is what is said of a command that a signal ended.
var errInterrupted = errors.New("interrupted")

// run is the program.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: &checkedWriter{w: stdout}, stderr: stderr, json: wantsJSON(args, os.LookupEnv)}
	err := p.command(ctx, args)
	code := exitCode(ctx, err)
	switch code {
	case exitDone, exitRejected:
		err = nil
	case exitInterrupted:
		err = errInterrupted
	}
	if p.json {
		if printErr := p.printFound(err); err == nil && printErr != nil {
			err, code = printErr, exitFailed
		}
	}
	if err == nil && p.stdout.err != nil {
		err, code = p.stdout.err, exitFailed // results that could not be written do not count
	}
	if err != nil {
		p.complain(err)
	}
	return code
}

// exitCode is the exit code of a command that ended with the error.
func exitCode(ctx context.Context, err error) int {
	usage, setting := (*usageError)(nil), (*settingError)(nil)
	switch {
	case err == nil, err == errHelp:
		return exitDone
	case err == errRejected:
		return exitRejected
	case errors.As(err, &usage), errors.As(err, &setting):
		return exitUsage
	case ctx.Err() != nil && !errors.Is(err, shim.ErrBrokenOff): // a server is ended like that
		return exitInterrupted
	}
	return exitFailed
}

// program is one run of portolan.
type program struct {
	stdin   io.Reader
	stdout  *checkedWriter // results
	stderr  io.Writer      // everything else
	json    bool           // results are to be JSON
	verbose bool           // errors are to be told with all that is behind them
	found   any            // what there is to be printed as JSON at the end, see printFound
}
