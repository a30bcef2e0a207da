package main

const helpPrune = `Usage:
    portolan prune [--drop URL] [--site URL] [--channel NAME]... [--dry-run]
                   [--keep-snapshots N] [--keep-days D] [--grace TIME]
                   [--yanked TIME]

Remove what is no longer needed, and print how much that was: snapshots, if told
how many to keep; replaced charts that no kept snapshot names; states that newer
ones replaced (what is yanked, deprecated or gone); files of a crashed run that
were never published; old receipts and refused uploads; and in local folders,
files left by writers that died. It never removes anything that index.yaml
names, nor the records of the log. Generators may run meanwhile.

Before that, it yanks what the rules of channels let go ("retain" in
portolan.yaml): lists hide these versions, and those who pinned one still get
it. With --yanked, versions that have been yanked for that long are freed: the
index of all versions lists them no more, and neither they nor their content
come back. Their files go by the first prune after --grace, also those that
snapshots name. A dry run names each version, why, and how large it is.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --channel NAME      This channel only; may be repeated.    PORTOLAN_CHANNEL
                        The variable takes several, with commas between them.
                        Receipts are left alone then.
    --keep-snapshots N
                        PORTOLAN_KEEP_SNAPSHOTS
                        Keep the newest N snapshots (default: all), and those
                        that --keep-days and --grace still need.
    --keep-days D
                        PORTOLAN_KEEP_DAYS
                        Keep receipts, refused uploads and snapshots for D days
                        (default 30).
    --grace TIME        Keep charts for this long after  PORTOLAN_PRUNE_GRACE
                        index.yaml stopped naming them
                        (default 168h).
    --yanked TIME       Free what has been yanked for    PORTOLAN_PRUNE_YANKED
                        TIME, such as 90d (default: nothing).
    --dry-run           Only say what would be removed.        PORTOLAN_DRY_RUN
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Leave the pages alone.                 PORTOLAN_PAGES
    --workers N         Files removed at the same time.        PORTOLAN_WORKERS
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong settings, 130 interrupted

Example:
    $ portolan prune --keep-snapshots 10 --dry-run
    $ portolan prune --keep-snapshots 10
    $ portolan prune --keep-snapshots 10 --yanked 90d
`

const helpRebuild = `Usage:
    portolan rebuild [--site URL] --channel NAME... [--replace-root]

Restore all indexes and the snapshots of a channel from its log, byte for byte,
where they are missing or damaged. Correct files are left alone. If the log is
damaged, the damaged record is named and nothing is written, because nothing
else can take its place. Charts and log records cannot be rebuilt. If the site's
root shows the channel (rootChannel in portolan.yaml), that index.yaml is
restored as well.

The channel's pages are rendered again, too. So run rebuild after you change
page settings or templates, or to give all pages the look of a new version of
portolan.

Options:
    --channel NAME      The channel; may be repeated.          PORTOLAN_CHANNEL
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --replace-root
                        PORTOLAN_REPLACE_ROOT
                        Let the root channel take the place of another
                        index.yaml in the site's root.
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        the pages show it to readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Leave the pages alone.                 PORTOLAN_PAGES
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong settings, 130 interrupted

Example:
    $ portolan verify --site s3://my-charts
    $ portolan rebuild --site s3://my-charts --channel stable
`
