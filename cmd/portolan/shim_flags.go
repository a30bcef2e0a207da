package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/shim"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

const helpShim = `Usage:
    portolan shim [--drop URL] [--site URL] [--auth FILE] [--generate]

Take uploads over HTTP from curl, 'helm cm-push' and 'helm push', as
ChartMuseum, GitLab's Helm registry and OCI registries do, check them, and put
them into the drop area. A bad chart is refused in the answer to the upload.
Also take requests for actions, such as yank or promote, and ChartMuseum's
DELETE. With --site, also serve the site: for private sites, and because 'helm
cm-push' reads the index first. Any number of shims may run on the same buckets.
Each request is logged to standard error as one line of JSON.

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
` + optionsPages + `
    --pages (=false)    With --generate, write only indexes.   PORTOLAN_PAGES
    --workers N         Uploads that --generate reads at the   PORTOLAN_WORKERS
                        same time.
` + optionsConfig + `

Exit codes:
    0 ended by a signal, 1 failed, or a request was cut off at the end,
    2 wrong settings

Example:
    $ portolan shim --generate
    $ curl -F chart=@mychart-0.1.0.tgz http://127.0.0.1:8080/api/stable/charts
    $ helm repo add stable http://127.0.0.1:8080/stable
`

// shimFlags are the flags of the shim alone.
type shimFlags struct {
	*flags
	address, metrics, auth, rootChannel, publicURL, tlsCert, tlsKey string
	notify, notifyTokenFile                                         string
	generate, anonymous, stripsPath                                 bool
	projects, proxies                                               []string
	maxUploads                                                      int
	grace                                                           time.Duration
}

func newShimFlags() *shimFlags {
	f := &shimFlags{flags: newFlags("shim")}
	f.withDrop()
	f.withSite()
	f.withConfig()
	f.withWorkers()
	f.withPages()
	f.withCAFile()
	f.StringVar(&f.address, "listen", "127.0.0.1:8080", "")
	f.StringVar(&f.metrics, "metrics-listen", "", "")
	f.StringVar(&f.auth, "auth", "", "")
	f.BoolVar(&f.anonymous, "allow-anonymous-uploads", false, "")
	f.BoolVar(&f.generate, "generate", false, "")
	f.StringSliceVar(&f.projects, "project", nil, "")
	f.StringVar(&f.rootChannel, "root-channel", "stable", "")
	f.StringVar(&f.publicURL, "public-url", "", "")
	f.BoolVar(&f.stripsPath, "proxy-strips-path", false, "")
	f.StringSliceVar(&f.proxies, "trusted-proxy", nil, "")
	f.StringVar(&f.tlsCert, "tls-cert", "", "")
	f.StringVar(&f.tlsKey, "tls-key", "", "")
	f.IntVar(&f.maxUploads, "max-uploads", 256, "")
	f.StringVar(&f.notify, "notify", "", "")
	f.StringVar(&f.notifyTokenFile, "notify-token-file", "", "")
	f.DurationVar(&f.grace, "grace", 30*time.Second, "")
	return f
}

// options are those of the shim, but for the buckets.
func (f *shimFlags) options(log *slog.Logger) (shim.Options, error) {
	o := shim.Options{
		Rules: rulesOf(f.config), Version: thisBuild().Version, RootChannel: f.rootChannel, MaxUploads: f.maxUploads, Log: log,
	}
	if err := f.checkAddresses(); err != nil {
		return o, err
	}
	if err := channelname.Check(f.rootChannel); err != nil {
		return o, wrongChannel(fmt.Errorf("%s: %w", f.given["root-channel"], err), "")
	}
	if f.maxUploads < 1 {
		return o, usagef("%s: %d must be at least 1", f.given["max-uploads"], f.maxUploads)
	}
	if (f.tlsCert == "") != (f.tlsKey == "") {
		return o, usagef("--tls-cert and --tls-key must be given together")
	}
	var err error
	if o.Projects, err = f.projectNames(); err != nil {
		return o, err
	}
	if o.Proxies, err = f.prefixes(); err != nil {
		return o, err
	}
	if err := f.setPublic(&o); err != nil {
		return o, err
	}
	o.Auth, err = f.authoriser(log)
	return o, err
}

func (f *shimFlags) checkAddresses() error {
	if f.metrics != "" {
		if err := f.checkAddress("metrics-listen"); err != nil {
			return err
		}
	}
	return f.checkAddress("listen")
}

// setPublic sets where clients reach the shim, as --public-url gives it, and what a
// proxy does to its path.
func (f *shimFlags) setPublic(o *shim.Options) error {
	o.Stripped, o.Unstripped = f.stripsPath, f.Changed("proxy-strips-path") && !f.stripsPath
	if f.publicURL != "" {
		u, err := url.Parse(f.publicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || path.Clean("/"+u.Path) != "/"+strings.Trim(u.Path, "/") {
			return usagef("%s: %q is not a URL such as https://charts.example.com", f.given["public-url"], f.publicURL)
		}
		o.PublicURL = u
	}
	if f.stripsPath && (o.PublicURL == nil || strings.Trim(o.PublicURL.Path, "/") == "") {
		return hint(usagef("%s: there is no path that a proxy could remove", f.given["proxy-strips-path"]), "give --public-url with its path, such as https://example.com/charts")
	}
	return nil
}

// projectNames are the projects that --project names, as they are in a URL or as
// people write them.
func (f *shimFlags) projectNames() ([]string, error) {
	var all []string
	for _, text := range f.projects {
		name, err := url.PathUnescape(text)
		if name = strings.Trim(name, "/"); err != nil || name == "" {
			return nil, usagef("%s: %q is neither the number nor the path of a project", f.given["project"], text)
		}
		all = append(all, name)
	}
	return all, nil
}

// prefixes are the networks that --trusted-proxy names.
func (f *shimFlags) prefixes() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range f.proxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				prefix = netip.PrefixFrom(addr, addr.BitLen())
			}
		}
		if err != nil {
			return nil, usagef("%s: %q is neither an address nor a network such as 10.0.0.0/8", f.given["trusted-proxy"], text)
		}
		all = append(all, prefix)
	}
	return all, nil
}

// authoriser is that of the auth file. Without one everybody may upload, which
// is for those alone who are on this machine, unless it is asked for.
func (f *shimFlags) authoriser(log *slog.Logger) (*auth.Authoriser, error) {
	if f.auth != "" && f.anonymous {
		return nil, hint(usagef("--auth and --allow-anonymous-uploads exclude each other"), "say what anonymous users may do in the auth file, under anonymous")
	}
	if f.auth != "" {
		trusted, err := f.authorities()
		if err != nil {
			return nil, err
		}
		a, err := auth.Open(f.auth, log, trusted)
		return a, authError(f.auth, err)
	}
	if !f.anonymous && (f.publicURL != "" || len(f.proxies) > 0) {
		return nil, hint(usagef("without --auth, everyone who can reach the proxy could upload"),
			"name who may with --auth FILE ('portolan token new' makes one), or say --allow-anonymous-uploads")
	}
	if !f.anonymous && !isLoopback(f.address) {
		return nil, hint(usagef("%s: %s: without --auth, everyone who can reach this address could upload", f.given["listen"], f.address),
			"name who may with --auth FILE ('portolan token new' makes one), listen on 127.0.0.1, or say --allow-anonymous-uploads")
	}
	return auth.Anyone(), nil
}
