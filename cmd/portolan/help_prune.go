package main

const helpPrune = `Usage:
    portolan prune [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
                   [--keep-snapshots N] [--keep-days D] [--grace TIME]

Remove what is not needed any more, and print how much that was: snapshots, if
told how many to keep; charts that were replaced and that no kept snapshot
names; what a crashed run had put on the site and never published; old receipts
and refused uploads; in local folders, also files of writers that died. What
index.yaml names is never removed, nor are the records of the log. Generators
may run meanwhile.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
                        Receipts are left alone then.
    --keep-snapshots N
                        PORTOLAN_KEEP_SNAPSHOTS
                        Keep the newest N snapshots (default: all), and all
                        that are needed for what --keep-days and --grace say.
    --keep-days D
                        PORTOLAN_KEEP_DAYS
                        Keep receipts, refused uploads, and snapshots of what
                        index.yaml was, for D days (default 30).
    --grace TIME        Keep charts for this long after        PORTOLAN_GRACE
                        index.yaml ceased to name them
                        (default 168h).
    --dry-run           Say what would be removed only.        PORTOLAN_DRY_RUN
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Leave the pages alone.                 PORTOLAN_PAGES
    --workers N         Files removed at the same time.        PORTOLAN_WORKERS
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong command line, 130 interrupted

Example:
    $ portolan prune --keep-snapshots 10 --dry-run
    $ portolan prune --keep-snapshots 10
`

const helpRebuild = `Usage:
    portolan rebuild [--site URL] --channel NAME...

Write index.yaml and the snapshots of a channel anew from its log, byte for byte
as they were, where they are missing or damaged. Files that are right are left
alone. If the log is damaged, say which record, and write nothing: nothing else
can take its place. Charts and log records cannot be rebuilt.

The channel's pages are made anew, too: so rebuild is also what gives all of
them new settings, new templates, or the look of a new version of portolan.

Options:
    --channel NAME      The channel; may be repeated.          PORTOLAN_CHANNEL
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        its pages tell it to their readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Leave the pages alone.                 PORTOLAN_PAGES
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong command line, 130 interrupted

Example:
    $ portolan verify --site s3://my-charts
    $ portolan rebuild --site s3://my-charts --channel stable
`
