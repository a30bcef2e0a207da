package main

const helpGenerate = `Usage:
    portolan generate [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
                      [--watch TIME] [--report FILE] [--summary FILE]

Take in what waits in the drop area: every upload is checked and accepted or
rejected, gets a receipt, and what is accepted is published as a new generation
of its channel. It may be run by several jobs at once, and again after any
failure. With nothing to do it writes nothing. With --channel it also applies a
changed 'keep' (how many versions of a chart the index lists) where there is no
upload.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
    --dry-run           Say what would happen; write nothing.  PORTOLAN_DRY_RUN
    --timeout TIME      Stop after this long, such as 20m      PORTOLAN_TIMEOUT
                        (default: never); run it again to go on.
    --watch TIME        Keep running, and look this often,     PORTOLAN_WATCH
                        such as 10s; a signal ends it.
    --report FILE       Write what became of each upload as    PORTOLAN_REPORT
                        JUnit XML; a rejected one is a failed test, and what
                        stopped the run an error.
    --summary FILE      Append what was published where, as    PORTOLAN_SUMMARY
                        Markdown, for people.
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        its pages tell it to their readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Write indexes only: no HTML pages,     PORTOLAN_PAGES
                        feeds and descriptions in JSON.
    --workers N         Uploads read at the same time.         PORTOLAN_WORKERS
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT
    --cpuprofile FILE
                        PORTOLAN_CPUPROFILE
                        Profile for 'go tool pprof': where CPU time goes.
    --trace FILE        Trace for 'go tool trace'.             PORTOLAN_TRACE

URLs are those of buckets (s3://, gs://, azblob://) or local folders, which are
made when missing.

With --watch, what fails is tried again after longer and longer pauses, and a
signal ends the command with exit code 0; --timeout is that of each run, and
portolan.yaml is read once. Where GITHUB_ACTIONS is true, rejections and errors
are said as annotations, too.

Exit codes:
    0 done, 1 failed, 2 wrong command line, 3 done (or, with --dry-run, would be
    done) but some upload was rejected, 130 interrupted

Example:
    $ portolan generate --drop s3://my-drop --site s3://my-charts
`
