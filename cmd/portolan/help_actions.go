package main

const helpYank = `Usage:
    portolan yank [--drop URL] [--site URL] CHANNEL CHART VERSION...
                  --reason TEXT [--dry-run] [--wait]

Ask for versions of a chart to be hidden: no list but all/index.yaml has them
any more. 'portolan restore' undoes it.

A yanked version can still be installed from the repository CHANNEL/all, by
oci:// if the channel has that, and from its archive's URL. The repository
CHANNEL does not find it any more, not even by its number: neither 'helm pull
--version' does, nor 'helm dependency build' with a Chart.lock, nor Flux or Argo
CD. Users who pin versions should add CHANNEL/all. It exists from the first
generation on that hides something, and has all versions.

A version stays taken. With 'duplicates: reject', other content is refused. With
'duplicates: replace', the default, an upload with other content takes its
place, and is listed.

The site is read to see which versions are meant. They are printed with their
digests; then one action is put into the drop area, and its id is printed. The
next 'portolan generate' carries it out; it is refused if a version has got
other content meanwhile. Versions that are yanked already are left out.

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

const helpDeprecate = `Usage:
    portolan deprecate [--drop URL] [--site URL] CHANNEL CHART
                       [--message TEXT] [--successor CHART] [--dry-run] [--wait]

Ask for all versions of a chart to be marked as deprecated, also those that are
published later. index.yaml, the chart's pages and sites that search indexes,
such as Artifact Hub, show it; the pages also say what to use instead. Helm
itself warns only if Chart.yaml in the archive says so: set 'deprecated: true'
there in the next version, too. Nothing is hidden. 'portolan undeprecate' undoes
it. The next 'portolan generate' carries it out; asked once more, with another
text, it replaces the text.

Options:
    --message TEXT      What to tell users. It is public: one  PORTOLAN_MESSAGE
                        line of at most 500 bytes.
    --successor CHART   The chart to use instead.           PORTOLAN_SUCCESSOR
    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
` + helpAsking + `
Example:
    $ portolan deprecate stable mychart --successor mychart2 \
          --message 'mychart2 has the same values'
`

const helpUndeprecate = `Usage:
    portolan undeprecate [--drop URL] [--site URL] CHANNEL CHART
                         [--dry-run] [--wait]

Ask for a chart not to be marked as deprecated any more. Versions whose own
Chart.yaml says 'deprecated: true' stay so. The next 'portolan generate' carries
it out.

Options:
    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
` + helpAsking + `
Example:
    $ portolan undeprecate stable mychart
`

const helpPromote = `Usage:
    portolan promote [--drop URL] [--site URL] FROM TO CHART
                     [VERSION... | --all-newer] [--dry-run] [--wait]

Ask for versions of the channel FROM to be published in the channel TO: the same
archive, byte for byte, with its provenance file. Nothing is built again. The
site is read to see which versions are meant, and what TO has of them. They are
printed with their digests: as new, as replaced if TO has other content for a
version ('duplicates: replace'), or as signed if TO lacks the provenance file
only. Versions that TO has with the same content are left out.

Then one action is put into the drop area, and its id is printed. The next
'portolan generate' carries it out, by the policy of TO; it is refused if a
version in FROM has got other content meanwhile. 'portolan yank' takes versions
back out of the lists of TO.

A VERSION is one that the chart has in FROM, such as 1.2.3, or a range in
quotes, such as '1.2.x' or '>=1.2.0 <1.3.0'; 'portolan help yank' says more.
Neither a range nor --all-newer takes yanked versions, nor those that have not
been in FROM for as long as TO asks ('promote: {soak: 72h}' in portolan.yaml);
nor prereleases, unless the range names one.

Options:
    --all-newer         All versions of FROM that are higher  PORTOLAN_ALL_NEWER
                        than the highest one that TO lists.
    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
` + helpAsking + `
Example:
    $ portolan promote dev stable mychart 1.2.3 --wait
    $ portolan promote dev stable mychart --all-newer --dry-run
`

const helpRollback = `Usage:
    portolan rollback [--drop URL] [--site URL] CHANNEL GENERATION
                      [--reason TEXT] [--dry-run] [--wait]

Ask for a channel to list what it listed at an earlier generation, of which the
snapshot is still kept. Versions that it did not list then are yanked: see
'portolan help yank' for who still gets them. Versions that have got other
content since get back what they had. Versions that were yanked or removed since
stay so, and charts that were deprecated since, too. 'portolan log' lists the
generations.

The command reads the site and prints what will change. Then one action is put
into the drop area, and its id is printed. The next 'portolan generate' carries
it out in a new generation, by what the channel has then. To undo it, roll back
to the generation before that: what a rollback has hidden is listed again.

Options:
    --reason TEXT       Why. It is public: pages show it, and  PORTOLAN_REASON
                        the log keeps it.
    --dry-run           Only print what would be asked for.    PORTOLAN_DRY_RUN
` + helpAsking + `
Example:
    $ portolan rollback stable 41 --dry-run
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
    decided in time, 2 wrong settings, 3 rejected: at once, or (with --wait) by
    the run, 130 interrupted
`
