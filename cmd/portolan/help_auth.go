package main

const helpAuth = `Usage:
    portolan auth check --auth FILE --token-file FILE [--username NAME]
                        [--channel NAME [--chart NAME]]

Explain what a shim with this auth file makes of a token: whose it is, which
rules fit it, why the others do not, and what it may do in a channel. Issuers of
OIDC tokens and GitLab are asked as the shim asks them. The token itself is not
printed.

In a CI job that is refused, write the token to a file and keep that; an OIDC
token is good for some minutes only, and a job token while its job runs.

Options:
    --auth FILE         The auth file.                         PORTOLAN_AUTH
    --token-file FILE
                        PORTOLAN_TOKEN_FILE
                        File that holds the token; - is standard input.
    --username NAME     User name that comes with it; GitLab's PORTOLAN_USERNAME
                        older job tokens are known by
                        gitlab-ci-token.
    --channel NAME      Say what it may do in this channel.    PORTOLAN_CHANNEL
    --chart NAME        And with this chart.                   PORTOLAN_CHART
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done; with --channel, the token may upload there, 1 failed, or the token
    is refused or may not upload there, 2 wrong command line

Example:
    $ portolan auth check --auth auth.yaml --token-file id-token \
          --channel team-a/stable --chart team-a-web
`
