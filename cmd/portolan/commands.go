package main

import (
	"context"
	"io"
	"strings"
)

// helpOverview is the help for portolan as a whole.
const helpOverview = `portolan publishes Helm charts as a static site.

Usage:
    portolan generate [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
    portolan drop [--drop URL] [--wait] CHANNEL FILE...
    portolan import --from URL|DIR [--drop URL] [--site URL] CHANNEL
    portolan status [--drop URL] [--site URL] [CHANNEL | UPLOAD-ID]
    portolan list [--site URL] [CHANNEL [CHART]] [--versions] [--yanked]
    portolan log [--site URL] [-n N] CHANNEL
    portolan diff [--site URL] CHANNEL GENERATION [GENERATION]
    portolan uploads [--drop URL] [--site URL] [--rejected] [CHANNEL]
    portolan yank [--dry-run] CHANNEL CHART VERSION... --reason TEXT
    portolan restore [--dry-run] CHANNEL CHART VERSION...
    portolan deprecate [--dry-run] CHANNEL CHART [--message TEXT]
    portolan undeprecate [--dry-run] CHANNEL CHART
    portolan promote [--dry-run] FROM TO CHART [VERSION... | --all-newer]
    portolan rollback [--dry-run] CHANNEL GENERATION
    portolan takedown [--dry-run] CHANNEL CHART VERSION --reason TEXT
    portolan verify [--site URL] [--channel NAME]... [--deep]
    portolan doctor [--drop URL] [--site URL] [--base-url URL] [--read-only]
    portolan prune [--drop URL] [--site URL] [--keep-snapshots N] [--dry-run]
    portolan rebuild [--site URL] --channel NAME
    portolan preview [--site URL] [--listen ADDRESS]
    portolan shim [--drop URL] [--site URL] [--auth FILE] [--generate]
    portolan token new|list|revoke|hash [--auth FILE]
    portolan auth check --auth FILE --token-file FILE [--channel NAME]
    portolan version
    portolan help [COMMAND]

Publish:
    generate    Check the waiting uploads and publish the good ones.
    drop        Check charts and put them into the drop area.
    import      Take over the charts of another Helm repository.

See what there is:
    status      Show the channels, or the verdict on an upload.
    list        List channels, charts and versions.
    log         Show what each generation of a channel changed.
    diff        Show how two generations of a channel differ.
    uploads     Show how uploads were decided, and why some were rejected.

Change what is published:
    yank        Hide versions of a chart from all lists; their files stay.
    restore     List yanked versions again.
    deprecate   Mark all versions of a chart as deprecated.
    undeprecate Take that mark away.
    promote     Publish versions of one channel in another, by digest.
    rollback    Make a channel list what an earlier generation listed.
    takedown    Remove a version and all its files, for good.

Look after a site:
    verify      Check a site against its log.
    doctor      Check the set-up: buckets, permissions, web server.
    prune       Remove what is old, and what rules let go.
    rebuild     Restore a channel's index and pages from its log.
    preview     Serve a site on this machine, to try it.

Take uploads over HTTP:
    shim        Take uploads over HTTP, as GitLab and ChartMuseum do.
    token       Make, list and revoke tokens for the shim.
    auth        Explain what a token may do, and why.

About portolan:
    version     Print the version.
    help        Print this help, or that of a command.

A channel is one Helm repository, such as stable or group/app/stable. A URL
names a bucket (s3://, gs://, azblob://) or a local folder. Settings can be kept
in portolan.yaml; environment variables override it, and flags override both.

With --output json, a command prints one JSON object. If the command fails, the
object has the key "error", and perhaps "hint" and "cause", next to the results
so far. --verbose prints that cause: what a bucket's server and its client said.

Exit codes:
    0     done; preview, shim and generate --watch also end with it on a signal
    1     failed
    2     wrong settings: the command line, a variable or portolan.yaml
    3     done, but some upload or action was rejected
    130   interrupted

Example:
    $ portolan drop stable mychart-0.1.0.tgz
    $ portolan generate
    $ portolan preview
`

// command is one command of portolan's. A new one has a file of its own, with its help, its
// flags and what it does; it is named in the overview above and in the list below. The help of
// options that several commands share stands beside their flags.
type command struct {
	name, help string
	run        func(p *program, ctx context.Context, args []string) error
	words      []string // that its first operand can be; nil for most
}

// commands are all commands, in the order of the overview.
func commands() []command {
	return []command{
		{name: "generate", help: helpGenerate, run: (*program).generate},
		{name: "drop", help: helpDrop, run: (*program).drop},
		{name: "import", help: helpImport, run: (*program).importCharts},
		{name: "status", help: helpStatus, run: (*program).status},
		{name: "list", help: helpList, run: (*program).list},
		{name: "log", help: helpLog, run: (*program).log},
		{name: "diff", help: helpDiff, run: (*program).diff},
		{name: "uploads", help: helpUploads, run: (*program).uploads},
		{name: "yank", help: helpYank, run: (*program).yank},
		{name: "restore", help: helpRestore, run: (*program).restore},
		{name: "deprecate", help: helpDeprecate, run: (*program).deprecate},
		{name: "undeprecate", help: helpUndeprecate, run: (*program).undeprecate},
		{name: "promote", help: helpPromote, run: (*program).promote},
		{name: "rollback", help: helpRollback, run: (*program).rollback},
		{name: "takedown", help: helpTakedown, run: (*program).takedown},
		{name: "verify", help: helpVerify, run: (*program).verify},
		{name: "doctor", help: helpDoctor, run: (*program).doctor},
		{name: "prune", help: helpPrune, run: (*program).prune},
		{name: "rebuild", help: helpRebuild, run: (*program).rebuild},
		{name: "preview", help: helpPreview, run: (*program).preview},
		{name: "shim", help: helpShim, run: (*program).shim},
		{name: "token", help: helpToken, run: (*program).token, words: []string{"new", "list", "revoke", "hash"}},
		{name: "auth", help: helpAuth, run: (*program).auth, words: []string{"check"}},
		{name: "version", help: helpVersion, run: (*program).version},
		{name: "help", help: helpHelp, run: (*program).help},
	}
}

func commandNames() (names []string) {
	for _, c := range commands() {
		names = append(names, c.name)
	}
	return names
}

// commandOf returns the command with this name; the zero command if no command has it.
func commandOf(name string) command {
	for _, c := range commands() {
		if c.name == name {
			return c
		}
	}
	return command{}
}

// command runs the command that the first argument names.
func (p *program) command(ctx context.Context, args []string) error {
	if len(args) == 0 {
		io.WriteString(p.stderr, helpOverview)
		return &usageError{} // the help says it all
	}
	name, args := args[0], args[1:]
	switch name {
	case "--version":
		name = "version"
	case "--help", "-h":
		name = "help"
	}
	if c := commandOf(name); c.run != nil {
		return c.run(p, ctx, args)
	}
	return unknownCommand(name)
}

// unknownCommand is the error for a first argument that is not a command.
func unknownCommand(name string) error {
	if strings.HasPrefix(name, "-") {
		return hint(usagef("%s comes before the command", name), "write the command first, as in 'portolan generate --site URL'")
	}
	return hint(usagef("unknown command %q", name), "%s", insteadOf(name))
}
