package main

import (
	"runtime"
	"runtime/debug"
)

// build says what this program is.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (p *program) version(args []string) error {
	f := newFlags("version")
	if err := p.parse(f, args); err != nil {
		return err
	}
	if err := f.noOperands(); err != nil {
		return err
	}
	b := readBuild()
	if p.found = b; f.output.json {
		return nil
	}
	p.printf("portolan %s (%s, %s)\n", b.Version, b.Go, b.Platform)
	return nil
}

// readBuild reads what the go command put into the program: a module's
// version, or one made of the commit that it was built from.
func readBuild() build {
	b := build{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.Revision = s.Value
		}
	}
	return b
}
