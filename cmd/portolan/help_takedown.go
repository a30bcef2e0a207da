package main

const helpTakedown = `Usage:
    portolan takedown [--drop URL] [--site URL] CHANNEL CHART VERSION
                      --reason TEXT [--again] [--dry-run]

Remove a version for good, such as one with a password in it. To hide a version
that merely should not exist, use 'portolan yank': it can be undone, and the
version's files stay.

It takes one version at a time, written as the chart has it, and no range. A
secret is often in several versions: take down each of them. 'portolan list
CHANNEL CHART --versions' shows which there are, the yanked ones too.

First the log says that the version is gone: it leaves all indexes, and none of
the contents that it ever had can be published in the channel again, also not
packed again. Then the files go: archives, provenance files and descriptions of
all its uploads; its blobs, manifests and tag in the registry; its pages, while
those that compare other versions with it are made again; and what was refused
of it and is kept in the drop area. Each is printed, and then what to purge from
a CDN, with all pages that may have shown it. Other content can be published as
the same version later.

Snapshots stay byte for byte: what they name is gone. They and the log keep the
version's line, with what its Chart.yaml said. Other channels are searched for
copies: each archive of this version there, also one that was replaced, is
yanked or not published yet, is compared by its digest and by the fingerprint of
its files. Copies are named, and stay. So are the charts of all indexes that may
hold the version: those that depend on it and have a folder or an archive of it
in charts/. Take each of them down, too, and publish a new version without it.

Nobody can know of these what they are, and they stay in the drop area, which is
private: refused uploads that could not be read and have another file name, and
those that other channels refused. On a folder, a program that was killed may
have left what it was writing in .portolan/tmp of the site or of the drop area:
'portolan prune' removes that a day later, and do not serve that folder.

It may be repeated after any failure, also without the version being there any
more. It needs the generator's rights on the site, and is no action that the
drop area or the shim can carry.

Options:
    --reason TEXT       Why. It is public: the log keeps it.   PORTOLAN_REASON
                        One line of at most 500 bytes.
    --again             If the version has been published      PORTOLAN_AGAIN
                        again since, with other content, take that down, too.
    --dry-run           Only say what would be removed.        PORTOLAN_DRY_RUN
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site).                 PORTOLAN_SITE
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml).
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    Leave the pages of other versions      PORTOLAN_PAGES
                        alone.
    --workers N         Files removed at the same time.        PORTOLAN_WORKERS
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, or there never was such a version, 2 wrong settings,
    130 interrupted

Example:
    $ portolan takedown stable mychart 1.2.3 --reason 'has a password in it' \
          --site s3://my-charts --drop s3://my-drop --dry-run
`
