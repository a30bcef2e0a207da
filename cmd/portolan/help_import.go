package main

const helpImport = `Usage:
    portolan import --from URL|DIR [--drop URL] [--site URL] CHANNEL
                    [--username U --password-file F | --token-file F]
                    [--chart PATTERN]... [--keep N] [--concurrency N]
                    [--dry-run]

Take over the charts of a Helm repository: of GitLab, ChartMuseum or GitHub
Pages, in a bucket, or in a folder of archives with or without an index.yaml.
Every archive is fetched with its provenance file, compared with the digest in
the index, checked, and put into the drop area, from where the next 'portolan
generate' takes it into CHANNEL. The dates of the old index are kept.

What is published in CHANNEL already or waits for it is not fetched again: an
import that was interrupted goes on when it is run again. Nothing published is
replaced. At the end all that was left out is printed, with the reason.

Options:
    --from URL          The repository: the URL that 'helm     PORTOLAN_FROM
                        repo add' takes, one of a bucket, or
                        a folder.
    --username U
                        PORTOLAN_USERNAME
    --password-file F
                        PORTOLAN_PASSWORD_FILE
                        Credentials of the repository. They are sent to its own
                        host only, wherever its charts lie.
    --token-file F      The same with a Bearer token.       PORTOLAN_TOKEN_FILE
    --chart PATTERN     Names of charts to import; may be      PORTOLAN_CHART
                        repeated (default: all).
    --keep N            The N highest versions of each chart   PORTOLAN_KEEP
                        (default: all).
    --concurrency N
                        PORTOLAN_CONCURRENCY
                        Archives fetched at the same time (default 8). Each is
                        held in memory.
    --dry-run           Fetch and check; upload nothing.       PORTOLAN_DRY_RUN
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site), to see what is  PORTOLAN_SITE
                        published.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done, 1 failed, 2 wrong command line, 3 done but something was left out,
    130 interrupted

Example:
    $ portolan import --from https://charts.example.com stable
    $ portolan generate
`
