package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// usageError is a wrong command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

// settingError is a setting that cannot be what it says, wherever it stands: on the
// command line, in a variable or in portolan.yaml. It does not depend on what is there:
// that a file or a bucket which a setting names does not exist is another error.
type settingError struct{ err error }

func (e *settingError) Error() string { return e.err.Error() }
func (e *settingError) Unwrap() error { return e.err }

// wrongSetting marks an error as that of a setting; nil stays nil.
func wrongSetting(err error) error {
	if err == nil {
		return nil
	}
	return &settingError{err}
}

// wrongBucket is wrongSetting for the error of opening a bucket, unless a server or the
// credentials are the reason.
func wrongBucket(err error) error {
	if server := (*bucket.ServerError)(nil); errors.As(err, &server) {
		return err
	}
	return wrongSetting(err)
}

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// flags are the flags of one command: its own, and those that several share.
// What is given on the command line stands; then come environment variables,
// then portolan.yaml, then the defaults.
type flags struct {
	*pflag.FlagSet
	command string
	config  *config.Config    // nil if absent
	given   map[string]string // what set each flag, for messages: its name, the variable's, or the file's

	drop, site, configFile string
	channels               []string
	workers                int
	pages                  bool
	templates              string
	base                   *string // where the site is served; nil in commands without pages
	output                 format
	caFile                 string
	verbose                bool
	cpuProfile, trace      string
}

// newFlags returns the flags of a command: only --output at first.
func newFlags(command string) *flags {
	f := &flags{FlagSet: pflag.NewFlagSet(command, pflag.ContinueOnError), command: command, given: map[string]string{}}
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.Var(&f.output, "output", "")
	return f
}

func (f *flags) withDrop()     { f.StringVar(&f.drop, "drop", "./drop", "") }
func (f *flags) withSite()     { f.StringVar(&f.site, "site", "./site", "") }
func (f *flags) withWorkers()  { f.IntVar(&f.workers, "workers", 0, "") }
func (f *flags) withCAFile()   { f.StringVar(&f.caFile, "ca-file", "", "") }
func (f *flags) withChannels() { f.StringSliceVar(&f.channels, "channel", nil, "") }
func (f *flags) withConfig() {
	f.StringVar(&f.configFile, "config", "portolan.yaml", "")
	f.BoolVar(&f.verbose, "verbose", false, "") // a command that reads portolan.yaml opens buckets
}

// optionsConfig ends the options in the help of a command that has withConfig.
const optionsConfig = `    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT`

// optionsServed ends them if it also has withSite and withCAFile, and reads the site as it
// is served, too.
const optionsServed = `    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
` + optionsConfig

// errHelp says that the command's help was asked for, and has been printed.
var errHelp = errors.New("help was asked for")

// parse reads the command line, the environment and the configuration file.
func (p *program) parse(f *flags, args []string) error {
	if err := f.Parse(args); errors.Is(err, pflag.ErrHelp) {
		p.printf("%s", commandOf(f.command).help)
		return errHelp
	} else if err != nil {
		return f.explain(err)
	}
	if err := f.environment(os.LookupEnv); err != nil {
		return err
	}
	p.json, p.verbose = f.output.json, f.verbose
	if err := p.noteVariables(f); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	if f.Lookup("config") == nil {
		return nil
	}
	if err := f.loadConfig(); err != nil {
		return err
	}
	return f.setBaseURL()
}

// setBaseURL lets the flag stand for what portolan.yaml says.
func (f *flags) setBaseURL() error {
	if f.base == nil || !f.Changed("base-url") {
		return nil
	}
	url := *f.base
	if err := config.CheckBaseURL(url); err != nil {
		return usagef("%s: %q %v", f.given["base-url"], url, err)
	}
	if f.config == nil {
		f.config = &config.Config{}
	}
	f.config.BaseURL = url
	return nil
}

// explain makes a usage error of what pflag says.
func (f *flags) explain(err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() == "":
		name := unknown.GetSpecifiedName()
		var known []string
		f.VisitAll(func(flag *pflag.Flag) { known = append(known, flag.Name) })
		err = usagef("%s has no flag --%s", f.command, name)
		if near := spelling.Nearest(name, known); near != "" {
			return hint(err, "did you mean --%s?", near)
		}
	case errors.As(err, &value):
		err = usagef("--%s: %s", value.GetFlag().Name, badValue(value.GetFlag(), value.GetValue()))
	default:
		err = usagef("%v", err)
	}
	return hint(err, "see 'portolan %s --help'", f.command)
}

// badValue says what a flag takes.
func badValue(flag *pflag.Flag, value string) string {
	switch flag.Value.Type() {
	case "bool":
		return fmt.Sprintf("%q is neither true nor false", value)
	case "int":
		return fmt.Sprintf("%q is not a whole number", value)
	case "duration":
		return fmt.Sprintf("%q is not a time such as 90s or 10m", value)
	case "format":
		return fmt.Sprintf("%q is neither text nor json", value)
	}
	return fmt.Sprintf("%q is not acceptable", value)
}

// check refuses values that no flag type does.
func (f *flags) check() error {
	if f.Changed("channel") && len(f.channels) == 0 {
		return usagef("--channel is empty; leave it out for all channels")
	}
	for _, name := range f.channels {
		if err := f.checkChannel(name); err != nil {
			return wrongChannel(fmt.Errorf("%s: %w", f.given["channel"], err), "")
		}
	}
	if f.Changed("workers") && (f.workers < 1 || f.workers > 1024) {
		return usagef("%s: %d is not between 1 and 1024", f.given["workers"], f.workers)
	}
	return nil
}

// checkChannel returns an error if the command cannot be about a channel of this name.
// Only generate needs one that may have uploads: the others also look after a channel
// whose name was reserved later.
func (f *flags) checkChannel(name string) error {
	if f.command == "generate" {
		return channelname.Check(name)
	}
	return channelname.CheckOld(name)
}

// wrongChannel makes a usage error of what is wrong with the name of a channel. The
// advice is given unless there is better.
func wrongChannel(err error, advice string) error {
	if reserved := (*channelname.ReservedError)(nil); errors.As(err, &reserved) {
		advice = reserved.Fix()
	}
	if err = usagef("%v", err); advice == "" {
		return err
	}
	return hint(err, "%s", advice)
}

// loadConfig reads portolan.yaml, which need not be there unless it was named.
func (f *flags) loadConfig() error {
	if f.configFile == "" {
		return nil
	}
	var err error
	f.config, err = config.Load(f.configFile)
	if errors.Is(err, fs.ErrNotExist) {
		if !f.Changed("config") {
			return nil
		}
		return wrongSetting(fmt.Errorf("%s: no such configuration file", f.configFile))
	}
	if err != nil {
		return wrongSetting(err)
	}
	configure(f, "drop", &f.drop, f.config.Drop)
	configure(f, "site", &f.site, f.config.Site)
	configure(f, "workers", &f.workers, f.config.Workers)
	return nil
}

// configure sets a flag that nothing else has set to what portolan.yaml says.
func configure[T comparable](f *flags, flag string, target *T, value T) {
	if !f.Changed(flag) && value != *new(T) {
		*target = value
		f.given[flag] = fmt.Sprintf("%s: %s", f.configFile, flag)
	}
}

// format is how results are printed.
type format struct{ json bool }

func (f *format) String() string {
	if f.json {
		return "json"
	}
	return "text"
}

func (f *format) Type() string { return "format" }

func (f *format) Set(s string) error {
	if s != "text" && s != "json" {
		return errors.New("must be text or json")
	}
	f.json = s == "json"
	return nil
}

// noOperands refuses operands.
func (f *flags) noOperands() error {
	if f.NArg() == 0 {
		return nil
	}
	return hint(usagef("%s takes no operands, but got %q", f.command, f.Arg(0)), "see 'portolan %s --help'", f.command)
}
