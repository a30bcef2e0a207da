package main

import (
	"context"
	"slices"
)

const helpDrop = `Usage:
    portolan drop [--drop URL] [--wait] CHANNEL FILE...

Check chart archives and put them into the drop area. The next 'portolan
generate' publishes them in CHANNEL. A provenance file FILE.prov next to an
archive goes with it; a provenance file named on its own signs a chart that is
already uploaded or published. If FILE is -, the archive is read from standard
input.

A chart that breaks a rule or the channel's policy is refused at once and not
uploaded; if the site can be read, so is one that it would not take, such as
other content for a version that is final. For each upload, the id, channel,
chart and version are printed.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site), to see what is  PORTOLAN_SITE
                        published. It need not be there, or be readable.
    --force             Replace a published version even if    PORTOLAN_FORCE
                        the channel has 'duplicates: reject'.
    --strict            Refuse charts with warnings, such as   PORTOLAN_STRICT
                        those that no Helm can install.
    --wait              Wait for the verdicts and print them.  PORTOLAN_WAIT
    --timeout TIME      How long to wait (default 10m). PORTOLAN_DROP_TIMEOUT
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed or not decided in time, 2 wrong settings, 3 done but
    some upload was rejected, 130 interrupted

Example:
    $ helm package mychart
    $ portolan drop stable mychart-0.1.0.tgz
`

const helpStatus = `Usage:
    portolan status [--drop URL] [--site URL] [CHANNEL | UPLOAD-ID]

Show each channel: its generation, how many charts and versions it has, their
size, when it last changed, how many uploads and actions are waiting, and how
many were rejected in the last 7 days, as far as they are kept. For one CHANNEL,
also list what waits; for the id of an upload or of an action, such as a yank,
show its receipt.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done (whatever the verdict on the upload), 1 failed, or there is no such
    channel or upload, 2 wrong settings, 130 interrupted

Example:
    $ portolan status --site s3://my-charts --drop s3://my-drop stable
`

const helpVerify = `Usage:
    portolan verify [--site URL] [--channel NAME]... [--deep]

Check the whole log of each channel, that index.yaml and each snapshot match the
log byte for byte, and that every chart they name exists and has the right size.
If the channel has pages, check that they exist and show its newest generation;
with --deep, also render them again and compare, if the settings and templates
are still the same. Each fault is printed with the fix.

Options:
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site; then
                        name its channels, or give the URL of
                        one channel.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
    --deep              Also read and hash every chart.        PORTOLAN_DEEP
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        the pages show it to readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Do not check the pages.                PORTOLAN_PAGES
    --workers N         Files read at the same time.           PORTOLAN_WORKERS
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 no faults, 1 faults found, or failed, 2 wrong settings,
    130 interrupted

Example:
    $ portolan verify --deep --site https://charts.example.com --channel stable
`

const helpDoctor = `Usage:
    portolan doctor [--drop URL] [--site URL] [--base-url URL]
                    [--channel NAME]... [--read-only]

Look for the usual mistakes in a set-up, and say how to fix them. It checks the
configuration; the credentials; the drop area and the site: whether they exist,
what may be done in each folder, and whether the server keeps the promises that
portolan relies on (a bucket that lets two writers create the same object loses
charts); the clocks; and the site as it is served: the newest index and a chart,
their content types and caching, missing files, and private ones; for channels
that say 'oci: true', what clients of registries ask for as well.

It changes nothing that exists. It writes objects called .probe-... and removes
them again; with --read-only, it writes nothing.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        Writing is also tried in its folders,
                        for credentials limited to them.
    --read-only         Write nothing.                      PORTOLAN_READ_ONLY
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 nothing failed (there may be warnings), 1 something failed, 2 wrong
    command line, 130 interrupted

Example:
    $ portolan doctor --drop s3://my-drop --site s3://my-charts \
          --base-url https://charts.example.com
`

const helpPreview = `Usage:
    portolan preview [--site URL] [--listen ADDRESS]

Serve a site as a content delivery network would, with content types, cache
headers and ETags, so that you can try it before you publish it. Press Ctrl-C to
stop.

Options:
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --listen ADDRESS    Where (default 127.0.0.1:8080; port 0  PORTOLAN_LISTEN
                        picks a free one).
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 ended by Ctrl-C, 1 failed, 2 wrong settings

Example:
    $ portolan preview --site ./site
    $ helm repo add stable http://127.0.0.1:8080/stable
`

const helpToken = `Usage:
    portolan token new --scope SCOPE... [--auth FILE] [--id ID]
                       [--chart PATTERN]... [--expires WHEN]
    portolan token list --auth FILE
    portolan token revoke --auth FILE ID
    portolan token hash

Make a token, print it, and add its hash to an auth file; list the tokens of an
auth file; or revoke one. A new token is printed only once and stored nowhere.
Without --auth, the entry to paste into an auth file is printed below the token.
A shim that uses the file sees the change within a second or two.

'hash' reads an existing token, such as a GitLab deploy token, from standard
input, and prints its hash, to paste into an auth file.

A SCOPE is read:, write:, force:, yank:, promote: or rollback: and a pattern of
channels: * stands for one segment or a part of it, ** for any number of
segments. No scope implies another.

Options:
    --auth FILE         The auth file; 'new' creates it.       PORTOLAN_AUTH
    --id ID             The token's name in logs and receipts  PORTOLAN_ID
                        (default: random).
    --scope SCOPE       What the token may do; may be          PORTOLAN_SCOPE
                        repeated.
    --chart PATTERN     Names of charts the token may   PORTOLAN_TOKEN_CHART
                        upload, yank or promote; may be
                        repeated (default: all).
    --expires WHEN      90d, or a date such as 2027-01-31, at  PORTOLAN_EXPIRES
                        whose start (UTC) the token expires
                        (default: never).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong settings

Example:
    $ portolan token new --auth auth.yaml --id ci-team-a \
          --scope 'write:team-a/**' --scope 'read:**' --expires 90d
    $ portolan token hash < deploy-token
`

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

const helpHelp = `Usage:
    portolan help [COMMAND]

Print help for portolan, or for one of its commands.

Exit codes:
    0 done, 1 failed, 2 wrong settings

Example:
    $ portolan help generate
`

func (p *program) help(_ context.Context, args []string) error {
	if len(args) == 2 && slices.Contains(commandOf(args[0]).words, args[1]) {
		args = args[:1] // whose help describes them all
	}
	if len(args) > 1 {
		return usagef("help takes one command, but got %d operands", len(args))
	}
	if len(args) == 0 {
		p.printf("%s", helpOverview)
		return nil
	}
	name := args[0]
	if name == "--help" || name == "-h" {
		name = "help"
	}
	c := commandOf(name)
	if c.run == nil {
		return unknownCommand(name)
	}
	p.printf("%s", c.help)
	return nil
}
