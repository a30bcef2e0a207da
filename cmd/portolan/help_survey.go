package main

const helpList = `Usage:
    portolan list [--site URL] [CHANNEL [CHART]] [--versions] [--yanked]

List the channels of a site, with how many charts and versions each has; the
charts of a CHANNEL, each with its newest version; or the versions of a CHART,
newest first, with the beginning of each archive's SHA-256. With --versions or
--yanked, versions are listed for all charts, and for all channels if none is
named.

A version that is hidden by keep ('keep: N' in portolan.yaml), or yanked, is not
in index.yaml. The chart's own index lists those that are hidden by keep.

Options:
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site, or
                        that of one channel.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --versions          List versions.                         PORTOLAN_VERSIONS
    --yanked            List yanked versions only.        PORTOLAN_LIST_YANKED
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, or there is no such channel or chart, 2 wrong settings,
    130 interrupted

Example:
    $ portolan list
    $ portolan list stable mychart
    $ portolan list --site https://charts.example.com stable --output json |
          jq --raw-output '.charts[] | .chart + " " + .newest'
`

const helpLog = `Usage:
    portolan log [--site URL] [-n N] CHANNEL

Show what the newest generations of a CHANNEL have changed, the newest first, in
one line each: the number of the generation, when it was made, what was asked
for (such as yank, with the reason), and which versions it added (+), changed
(~) or removed (-). A change is other content for the same version, or, with
(signature), another provenance file for the same archive. Generations that left
the index alone are shown, too: those that only decided on uploads which were
unchanged, superseded or rejected, and those of prune.

At most five versions are named in a line; 'portolan diff CHANNEL 41 42' lists
all that generation 42 changed.

Options:
    --number N          How many generations        PORTOLAN_LOG_NUMBER
                        (default 20); also -n N.
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, or there is no such channel, 2 wrong settings,
    130 interrupted

Example:
    $ portolan log stable -n 5
`

const helpDiff = `Usage:
    portolan diff [--site URL] CHANNEL GENERATION [GENERATION]

Show how two generations of a CHANNEL differ: the versions that the second has
and the first has not (+), those that have other content (~, with the beginnings
of both digests), those that were yanked or restored in between and charts that
were deprecated or are no longer (~), and versions that are gone (-). A single
GENERATION is compared with the newest one; 0 is the empty channel before the
first.

The snapshots of both must be there: 'portolan prune' removes old ones.

Options:
    --site URL          Site (default ./site). It can be the   PORTOLAN_SITE
                        https:// URL of a published site.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, whether they differ or not, 1 failed, or there is no such channel or
    generation, 2 wrong settings, 130 interrupted

Example:
    $ portolan diff stable 0 1
`

const helpUploads = `Usage:
    portolan uploads [--drop URL] [--site URL] [--rejected] [--since TIME]
                     [-n N] [CHANNEL]

Show uploads that were decided, the newest first: when, the verdict, the
channel, the chart and version, or the file if it could not be read, who
uploaded it, and its id; for rejected ones also why, and what to do about it.
Actions, such as a yank, are shown like uploads. Who it was is what the upload
claims; nobody knows it any more once the receipt is pruned.

'portolan status CHANNEL' lists the uploads that are not decided yet.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --rejected          Only those that were rejected.         PORTOLAN_REJECTED
    --since TIME        7d (the default) or 12h for the last   PORTOLAN_SINCE
                        seven days or twelve hours, or a
                        date, such as 2027-01-31 (UTC).
    --number N          How many uploads        PORTOLAN_UPLOADS_NUMBER
                        (default 100); also -n N.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done (whatever the verdicts), 1 failed, 2 wrong settings, 130 interrupted

Example:
    $ portolan uploads --rejected --since 1d
`
