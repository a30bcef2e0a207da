package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// build says what this program is.
type build struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Time     string `json:"time,omitempty"`     // of the commit
	Modified bool   `json:"modified,omitempty"` // the checkout held changes that the commit does not have
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

const helpVersion = `Usage:
    portolan version [--output FORMAT]

Print the version, the commit, the version of Go and the platform.

Options:
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong settings

Example:
    $ portolan version --output json
`

func (p *program) version(_ context.Context, args []string) error {
	f := newFlags("version")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	b := thisBuild()
	if p.found = b; f.output.json {
		return nil
	}
	p.printf("portolan %s\n", b)
	return nil
}

func thisBuild() build {
	info, _ := debug.ReadBuildInfo()
	return readBuild(info)
}

// readBuild reads what the go command writes into every program that it
// builds, so that no flag is needed: the module's version, or one made of the
// tag and the commit of a checkout; and from a checkout its commit. A program
// that was not built from a module or without its history is version "devel".
func readBuild(info *debug.BuildInfo) build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String returns the version, and in parentheses what else is known.
func (b build) String() string {
	known := []string{b.Go, b.Platform}
	if b.Commit != "" {
		commit := "commit " + b.Commit
		if b.Modified {
			commit += ", modified"
		}
		known = append([]string{commit}, known...)
	}
	return fmt.Sprintf("%s (%s)", b.Version, strings.Join(known, ", "))
}
