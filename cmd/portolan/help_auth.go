package main

const helpAuth = `Usage:
    portolan auth check --auth FILE --token-file FILE [--username NAME]
                        [--channel NAME [--chart NAME]]

Explain how a shim with this auth file would treat a token: who it belongs to,
which rules match it, why the others do not, and what it may do in a channel.
OIDC issuers and GitLab are asked exactly as the shim asks them. The token
itself is never printed.

If a CI job is refused, write its token to a file and check that. An OIDC token
is valid for a few minutes only, and a job token only while its job runs.

Options:
    --auth FILE         The auth file.                         PORTOLAN_AUTH
    --token-file FILE
                        PORTOLAN_AUTH_TOKEN_FILE
                        File that holds the token; - is standard input.
    --username NAME
                        PORTOLAN_AUTH_USERNAME
                        User name sent with it. GitLab's older job tokens are
                        recognised by the name gitlab-ci-token.
    --channel NAME      Say what it may do in this channel.    PORTOLAN_CHANNEL
    --chart NAME        And with this chart.             PORTOLAN_AUTH_CHART
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 done; with --channel, the token may upload or ask for an action there,
    1 failed, or the token is refused or may do neither there, 2 wrong settings

Example:
    $ portolan auth check --auth auth.yaml --token-file id-token \
          --channel team-a/stable --chart team-a-web
`
