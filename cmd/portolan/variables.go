package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/lazyregexp"
	"github.com/portolan-charts/portolan/publisher/spelling"
)

// ownMeaning are the flags that mean something else in each command that has them, such
// as the time that a server stops in, and the time that prune spares charts for. Each
// command has a variable of its own for them: who sets one must not change the other.
var ownMeaning = []string{"chart", "grace", "number", "timeout", "token-file", "username", "yanked"}

// asksForAction reports whether a command asks for an action. Its --timeout is that of
// drop: how long to wait for a verdict.
func asksForAction(command string) bool { return slices.Contains(action.Asked, action.Kind(command)) }

// variable is the environment variable of a command's flag.
func variable(command, flag string) string {
	if flag == "timeout" && asksForAction(command) {
		command = "drop"
	}
	if slices.Contains(ownMeaning, flag) {
		return asVariable(command + "-" + flag)
	}
	return asVariable(flag)
}

func asVariable(name string) string {
	return "PORTOLAN_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
}

// environment sets the flags that the command line did not.
func (f *flags) environment(lookup func(string) (string, bool)) error {
	var err error
	f.VisitAll(func(flag *pflag.Flag) {
		name := variable(f.command, flag.Name)
		value, _ := lookup(name)
		if flag.Changed || value == "" || err != nil {
			f.given[flag.Name] = "--" + flag.Name
			return
		}
		f.given[flag.Name] = name
		if f.Set(flag.Name, value) != nil {
			err = usagef("%s: %s", name, badValue(flag, value))
		}
	})
	return err
}

// unread are the variables that set this command's flags before each command had its own.
// Values for another command must not count, and so those for this one do not either.
func (f *flags) unread(lookup func(string) (string, bool)) (names []string, err error) {
	for _, flag := range ownMeaning {
		known, old := f.Lookup(flag), asVariable(flag)
		if value, _ := lookup(old); known == nil || known.Changed || value == "" {
			continue
		}
		if f.command == "prune" { // what it removes is gone
			return nil, hint(usagef("%s is not read: several commands have a --%s, each with a meaning of its own", old, flag), "set %s, or give --%s", variable(f.command, flag), flag)
		}
		names = append(names, old)
	}
	return names, nil
}

// noteVariables warns of variables that are set but have no effect: those that are not
// read any more, and those whose names are misspelt.
func (p *program) noteVariables(f *flags) error {
	names, err := f.unread(os.LookupEnv)
	if err != nil {
		return err
	}
	for _, name := range names {
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "PORTOLAN_"), "_", "-"))
		p.say("warning", fmt.Sprintf("%s is not read: several commands have a --%s, each with a meaning of its own; set %s", name, flag, variable(f.command, flag)))
	}
	known := settings()
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		if value == "" || slices.Contains(names, name) {
			continue
		}
		meant := misspelt(name, known)
		if read, _ := os.LookupEnv(meant); meant == "" || strings.EqualFold(name, meant) && read == value {
			continue // on Windows, case does not matter
		}
		p.say("warning", name+" is not a setting of portolan, and has no effect; did you mean "+meant+"?")
	}
	return nil
}

// ofService matches what Kubernetes sets in a pod for each Service of its namespace, here
// for one that is called portolan, or portolan and something.
var ofService = lazyregexp.New(`^PORTOLAN(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// ofCI are the variables of the templates and scripts in ci/ and of this project's tests.
var ofCI = []string{
	"PORTOLAN_AFTER_UPLOADS", "PORTOLAN_BINARY_SHA256", "PORTOLAN_BINARY_URL", "PORTOLAN_VERSION", "PORTOLAN_TOOLS", "PORTOLAN_CORPUS",
}

// variablesInHelp finds the settings: every one is in the help of a command.
var variablesInHelp = lazyregexp.New(`\bPORTOLAN_[A-Z][A-Z_]*[A-Z]\b`)

// settings are all variables that some command or ci/ reads, or has read.
func settings() []string {
	known := slices.Clone(ofCI)
	for _, c := range commands() {
		known = append(known, variablesInHelp.FindAllString(c.help, -1)...)
	}
	for _, flag := range ownMeaning {
		known = append(known, asVariable(flag))
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// maxSlips is how many letters of a variable's name may be wrong, so that it is still
// likely which one was meant.
const maxSlips = 2

// misspelt returns the setting that a variable's name was probably meant to be, or "" if
// it is one, or is like none.
func misspelt(name string, known []string) string {
	if slices.Contains(known, name) || ofService.MatchString(name) {
		return ""
	}
	return spelling.Within(name, known, maxSlips)
}
