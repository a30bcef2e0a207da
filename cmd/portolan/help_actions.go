package main

const helpYank = `Usage:
    portolan yank [--drop URL] [--site URL] CHANNEL CHART VERSION...
                  --reason TEXT [--dry-run] [--wait]

Ask for versions of a chart to be hidden: no index, search or update shows them
any more, but who has pinned one still gets it by its URL, its digest and its
tag. The version stays taken. 'portolan restore' undoes it.

The site is read to see which versions are meant. They are printed with their
digests; then one action is put into the drop area, and its id is printed. The
next 'portolan generate' carries it out; it does nothing to a version that has
got other content meanwhile. Versions that are yanked already are left out.

A VERSION is one that the chart has, such as 1.2.3, or a range in quotes:
'1.2.x', '~1.2', '>=1.2.0 <1.3.0', '<1.0.0 || 2.0.x'. A range leaves out
prereleases unless it names one: '>=1.3.0-0 <1.3.0' has those of 1.3.0, and
'>=0.0.0-0' has all versions.

Options:
    --reason TEXT       Why. It is public: pages show it, and  PORTOLAN_REASON
                        the log keeps it. One line of at most
                        500 bytes.
    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
` + helpAsking + `
Example:
    $ portolan yank stable mychart 1.2.3 --reason 'loses data on upgrade'
    $ portolan yank stable mychart '>=1.2.0 <1.2.4' --reason 'CVE-2027-1234'
`

const helpRestore = `Usage:
    portolan restore [--drop URL] [--site URL] CHANNEL CHART VERSION...
                     [--dry-run] [--wait]

Ask for yanked versions of a chart to be listed again. The site is read to see
which versions are meant. They are printed with their digests; then one action
is put into the drop area, and its id is printed. The next 'portolan generate'
carries it out. Versions that are not yanked are left out, and so are those that
only wait to be yanked.

A VERSION is one that the chart has, such as 1.2.3, or a range in quotes, such
as '1.2.x' or '>=1.2.0 <1.3.0'; a range leaves out prereleases unless it names
one. 'portolan help yank' says more.

Options:
    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
` + helpAsking + `
Example:
    $ portolan restore stable mychart 1.2.3 --wait
`

// helpAsking ends the help of all commands that ask for an action.
const helpAsking = `    --wait              Wait for the verdict and print it.     PORTOLAN_WAIT
    --timeout TIME      How long to wait (default 10m). PORTOLAN_DROP_TIMEOUT
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 asked for, or nothing to do, 1 failed, there is no such version, or not
    decided in time, 2 wrong settings, 3 the action was rejected (with --wait),
    130 interrupted
`
