package main

const helpShim = `Usage:
    portolan shim [--drop URL] [--site URL] [--auth FILE] [--generate]

Take uploads over HTTP from curl, 'helm cm-push' and 'helm push', as
ChartMuseum, GitLab's Helm registry and OCI registries do, check them, and put
them into the drop area. A bad chart is refused in the answer to the upload.
Also take requests to yank, promote or roll back, and ChartMuseum's DELETE.
With --site, also serve the site: for private sites, and because 'helm cm-push'
reads the index first. Any number of shims may run on the same buckets. Each
request is logged to standard error as one line of JSON.

To try it, run 'portolan shim --generate': a small registry that keeps
everything in ./drop and ./site, publishes what is uploaded, and can be reached
only from this machine.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site to serve, and to check uploads    PORTOLAN_SITE
                        against (default: no site; with
                        --generate, ./site).
    --generate          Run the generator here after uploads.  PORTOLAN_GENERATE
    --notify URL        Call this URL after uploads, to start  PORTOLAN_NOTIFY
                        the generator's job: GitLab's pipeline trigger (with
                        ?ref=BRANCH), GitHub's repository_dispatch, or any URL
                        that takes JSON.
    --notify-token-file FILE
                        PORTOLAN_NOTIFY_TOKEN_FILE
                        File with the token for it. Without this, the token is
                        the value of PORTOLAN_NOTIFY_TOKEN.
    --listen ADDRESS    Where (default 127.0.0.1:8080; port 0  PORTOLAN_LISTEN
                        picks a free one).
    --auth FILE         Who may do what. Without it, everyone  PORTOLAN_AUTH
                        may do everything.
    --allow-anonymous-uploads
                        PORTOLAN_ALLOW_ANONYMOUS_UPLOADS
                        Without --auth, listen on any address.
    --project ID        GitLab project, as a number or a path, PORTOLAN_PROJECT
                        whose channels are at the site's root.
                        Repeat it to give both.
    --root-channel NAME
                        PORTOLAN_ROOT_CHANNEL
                        Channel of /api/charts and /index.yaml (default:
                        rootChannel in portolan.yaml, or stable).
    --public-url URL
                        PORTOLAN_PUBLIC_URL
                        Where clients reach this server, if it is behind a
                        proxy. All routes but those of probes are below its
                        path, /charts in https://example.com/charts.
    --proxy-strips-path
                        PORTOLAN_PROXY_STRIPS_PATH
                        The proxy removes that path from requests. Without
                        this, each request must have it.
    --trusted-proxy NETWORK
                        PORTOLAN_TRUSTED_PROXY
                        Trust X-Forwarded-For, -Proto and -Host from there; may
                        be repeated.
    --tls-cert FILE     Serve HTTPS with this certificate,     PORTOLAN_TLS_CERT
    --tls-key FILE      and its key; read again on change.     PORTOLAN_TLS_KEY
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's, for
                        issuers, GitLab and --notify.
    --metrics-listen ADDRESS
                        PORTOLAN_METRICS_LISTEN
                        Serve Prometheus metrics there, at /metrics.
    --max-uploads N
                        PORTOLAN_MAX_UPLOADS
                        Uploads at the same time (default 256), of which one
                        token may have half; more are told to try again.
    --grace TIME        Time for requests under way to    PORTOLAN_SHIM_GRACE
                        finish after a signal (default 30s).
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        the pages show it to readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    With --generate, write only indexes.   PORTOLAN_PAGES
    --workers N         Uploads that --generate reads at the   PORTOLAN_WORKERS
                        same time.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --verbose           Print all that is behind an error.  PORTOLAN_VERBOSE
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 ended by a signal, 1 failed, or a request was cut off at the end,
    2 wrong settings

Example:
    $ portolan shim --generate
    $ curl -F chart=@mychart-0.1.0.tgz http://127.0.0.1:8080/api/stable/charts
    $ helm repo add stable http://127.0.0.1:8080/stable
`
