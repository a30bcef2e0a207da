package main

const helpShim = `Usage:
    portolan shim [--drop URL] [--site URL] [--auth FILE] [--generate]

Take uploads over HTTP as ChartMuseum and GitLab's Helm registry do, from curl
and 'helm cm-push', check them, and put them into the drop area. A bad chart is
refused in the answer. With a site, serve that as well: for private ones, and
since 'helm cm-push' reads the index first. Any number of shims may run on the
same buckets. What happens is logged to standard error, a JSON line a request.

To try it, 'portolan shim --generate' alone is a small registry: it keeps
everything in ./drop and ./site, publishes what is uploaded, and can be reached
from this machine only.

Options:
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site to serve, and to check uploads    PORTOLAN_SITE
                        against (none unless it is given;
                        with --generate, default ./site).
    --generate          Run the generator here after uploads.  PORTOLAN_GENERATE
    --notify URL        Tell this URL of uploads, so that the  PORTOLAN_NOTIFY
                        generator's job starts: GitLab's pipeline trigger (with
                        ?ref=BRANCH), GitHub's repository_dispatch, or any that
                        takes JSON.
    --notify-token-file FILE
                        PORTOLAN_NOTIFY_TOKEN_FILE
                        The token for it; without this, it is the value of
                        PORTOLAN_NOTIFY_TOKEN.
    --listen ADDRESS    Where (default 127.0.0.1:8080; port 0  PORTOLAN_LISTEN
                        picks a free one).
    --auth FILE         Who may do what. Without it, everybody PORTOLAN_AUTH
                        may do everything.
    --allow-anonymous-uploads
                        PORTOLAN_ALLOW_ANONYMOUS_UPLOADS
                        Without --auth, listen on any address.
    --project ID        GitLab project, as a number or a path, PORTOLAN_PROJECT
                        whose channels lie at the site's root;
                        may be repeated, for its other name.
    --root-channel NAME
                        PORTOLAN_ROOT_CHANNEL
                        Channel of /api/charts and /index.yaml (default stable).
    --public-url URL
                        PORTOLAN_PUBLIC_URL
                        Where clients reach this server, if a proxy hides it;
                        its path is the prefix of all routes.
    --trusted-proxy NETWORK
                        PORTOLAN_TRUSTED_PROXY
                        Believe X-Forwarded-For, -Proto and -Host from there;
                        may be repeated.
    --tls-cert FILE     Serve HTTPS with this certificate,     PORTOLAN_TLS_CERT
    --tls-key FILE      and its key; read again on change.     PORTOLAN_TLS_KEY
    --metrics-listen ADDRESS
                        PORTOLAN_METRICS_LISTEN
                        Serve Prometheus metrics there, on /metrics.
    --max-uploads N
                        PORTOLAN_MAX_UPLOADS
                        Uploads at a time (default 256); more are told to come
                        again.
    --grace TIME        For requests under way when stopped    PORTOLAN_GRACE
                        (default 30s).
    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        its pages tell it to their readers.
    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.
    --pages (=false)    With --generate, write indexes only.   PORTOLAN_PAGES
    --workers N         Uploads that --generate reads at the   PORTOLAN_WORKERS
                        same time.
    --config FILE       Configuration (default portolan.yaml,  PORTOLAN_CONFIG
                        which need not be there).
    --output FORMAT     text or json (default text).           PORTOLAN_OUTPUT

Exit codes:
    0 ended by a signal, 1 failed, or some request was broken off at the end,
    2 wrong command line

Example:
    $ portolan shim --generate
    $ curl -F chart=@mychart-0.1.0.tgz http://127.0.0.1:8080/api/stable/charts
    $ helm repo add stable http://127.0.0.1:8080/stable
`
