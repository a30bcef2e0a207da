package main

import (
	"errors"
	"os"
	"runtime/pprof"
	"runtime/trace"
)

// withProfiles adds the flags of a command that can tell where its time goes.
func (f *flags) withProfiles() {
	f.StringVar(&f.cpuProfile, "cpuprofile", "", "")
	f.StringVar(&f.trace, "trace", "", "")
}

// profiled does something, and writes the profiles that were asked for. They are
// whole also if it fails.
func (f *flags) profiled(do func() error) error {
	if f.cpuProfile != "" {
		do = recorded(f.cpuProfile, func(to *os.File) error { return pprof.StartCPUProfile(to) }, pprof.StopCPUProfile, do)
	}
	if f.trace != "" {
		do = recorded(f.trace, func(to *os.File) error { return trace.Start(to) }, trace.Stop, do)
	}
	return do()
}

// recorded is a function during which a recorder writes into a file.
func recorded(name string, start func(*os.File) error, stop func(), do func() error) func() error {
	return func() error {
		to, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := start(to); err != nil {
			return errors.Join(err, to.Close())
		}
		err = do()
		stop()
		if cerr := to.Close(); err == nil {
			err = cerr
		}
		return err
	}
}
