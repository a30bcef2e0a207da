package main

const helpGenerate = `Usage:
    portolan generate [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
                      [--watch TIME] [--report FILE] [--summary FILE]
                      [--replace-root]

Check every upload in the drop area, accept or reject it, and write its receipt.
The accepted charts are published as a new generation of their channel. Several
jobs may run it at once, and it can be run again after any failure. If there is
nothing to do, it writes nothing. With --channel, it also applies a changed
'keep' (how many versions of a chart the index lists), 'oci' (whether they can
be read by oci:// as well) or 'rootChannel' (which channel the site's own
index.yaml shows as well) to channels without uploads.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
    --replace-root
                        PORTOLAN_REPLACE_ROOT
                        Let the channel that portolan.yaml names as rootChannel
                        take the place of another index.yaml in the site's root.
    --dry-run           Say what would happen; write nothing.  PORTOLAN_DRY_RUN
    --timeout TIME
                        PORTOLAN_GENERATE_TIMEOUT
                        Stop after this long, such as 20m (default: never); run
                        it again to continue.
    --watch TIME        Keep running, and check this often,    PORTOLAN_WATCH
                        such as every 10s, until a signal.
    --report FILE       Write the verdict on each upload as    PORTOLAN_REPORT
                        JUnit XML. A rejected upload is a failed test; an error
                        that stopped the run is an error.
    --summary FILE      Append a summary for people to FILE,   PORTOLAN_SUMMARY
                        as Markdown.
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        the pages show it to readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Write only indexes: no HTML pages,     PORTOLAN_PAGES
                        feeds or JSON API.
    --workers N         Uploads read at the same time.         PORTOLAN_WORKERS
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT
    --cpuprofile FILE
                        PORTOLAN_CPUPROFILE
                        Profile for 'go tool pprof': where CPU time goes.
    --trace FILE        Trace for 'go tool trace'.             PORTOLAN_TRACE

A URL names a bucket (s3://, gs://, azblob://) or a local folder, which is
created if it does not exist.

Charts of all channels are published before pages are made. If pages fail, or
--timeout ends them, their uploads stay in the inbox, and the next run goes on.

If portolan.yaml says so ('notify'), Flux and other servers are told of each new
generation. The run needs the secrets that sign this, in variables or files that
portolan.yaml names. A server that is down only gets a note; later runs try
again, for a day.

With --watch, a failed run is repeated after longer and longer pauses. So are
pages that fail, while uploads are still decided at the usual pace. A signal
ends the command with exit code 0; --timeout applies to each run, and
portolan.yaml is read once. If GITHUB_ACTIONS is true, rejections and errors are
also printed as annotations.

Exit codes:
    0 done, 1 failed, 2 wrong settings, 3 done (or, with --dry-run, would be
    done) but some upload or action was rejected, 130 interrupted

Example:
    $ portolan generate --drop s3://my-drop --site s3://my-charts
`
