package main

import (
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/pattern"
)

const helpImport = `Usage:
    portolan import --from URL|DIR [--drop URL] [--site URL] CHANNEL
                    [--username U --password-file F | --token-file F]
                    [--chart PATTERN]... [--keep N] [--concurrency N]
                    [--created-from index|archive] [--plain-http] [--dry-run]

Take over the charts of a Helm repository: from GitLab, ChartMuseum or GitHub
Pages, from an OCI registry, from a bucket, or from a folder of archives with or
without index.yaml. A checkout of a web site will do, as will ChartMuseum's
storage. Every archive is fetched with its provenance file, compared with the
digest in the index or the registry, checked, and put into the drop area. The
next 'portolan generate' publishes it in CHANNEL. The dates are kept. A
provenance file that cannot be fetched, or does not fit, is left out and listed;
its chart is taken.

Charts that are already published in CHANNEL, or waiting for it, are not fetched
again, so an interrupted import continues when you run it again. It replaces
nothing that is published. At the end, everything that was left out is listed
with the reason.

Another portolan's channel comes with its yanked versions and deprecations:
after the charts, import asks for the same here, unless it is so or waits to be.
What was taken down there, or freed, is not brought.

Options:
    --from URL          The repository: the URL that 'helm     PORTOLAN_FROM
                        repo add' takes, one of a bucket, or
                        a folder. Or that of a chart in a
                        registry, as 'helm pull' takes it:
                        oci://HOST/PATH/CHART; or of several:
                        oci://HOST/PATH, if it lists them.
    --username U
                        PORTOLAN_IMPORT_USERNAME
    --password-file F
                        PORTOLAN_PASSWORD_FILE
                        Credentials for the repository. They are sent only to
                        its own host, wherever its charts are, and by a
                        registry's rules to the server that it gets tokens from.
                        Without them, for a registry, those count that 'helm
                        registry login' or 'docker login' saved.
    --token-file F
                        PORTOLAN_IMPORT_TOKEN_FILE
                        The same with a Bearer token.
    --ca-file FILE      Certificates of authorities to trust   PORTOLAN_CA_FILE
                        in addition to the system's.
    --chart PATTERN     Names of charts to import; may PORTOLAN_IMPORT_CHART
                        be repeated (default: all).
    --keep N            Import only the N highest versions of  PORTOLAN_KEEP
                        each chart (default: all).
    --concurrency N
                        PORTOLAN_CONCURRENCY
                        Archives fetched at the same time (default 8). Each is
                        held in memory.
    --created-from WHAT
                        PORTOLAN_CREATED_FROM
                        index: the dates that the repository says (default).
                        archive: the newest date in each archive, for an index
                        that has one date for all.
    --plain-http        Ask the registry by http. One on    PORTOLAN_PLAIN_HTTP
                        this machine is anyway.
    --dry-run           Fetch and check; upload nothing, and   PORTOLAN_DRY_RUN
                        ask for nothing.
    --drop URL          Drop area (default ./drop).            PORTOLAN_DROP
    --site URL          Site (default ./site), to see what is  PORTOLAN_SITE
                        already published.
` + optionsConfig + `

Exit codes:
    0 done, 1 failed, 2 wrong settings, 3 done but something was left out,
    130 interrupted

Example:
    $ portolan import --from https://charts.example.com stable
    $ portolan generate
`

// importFlags are the flags of import.
type importFlags struct {
	*flags
	from, username, passwordFile, tokenFile string
	createdFrom                             string
	charts                                  []string
	keep, concurrency                       int
	dryRun, plainHTTP                       bool
}

// Values of --created-from.
const (
	fromIndex   = "index"
	fromArchive = "archive"
)

func newImportFlags() *importFlags {
	i := &importFlags{flags: newFlags("import")}
	i.withDrop()
	i.withSite()
	i.withConfig()
	i.withCAFile()
	i.StringVar(&i.from, "from", "", "")
	i.StringVar(&i.username, "username", "", "")
	i.StringVar(&i.passwordFile, "password-file", "", "")
	i.StringVar(&i.tokenFile, "token-file", "", "")
	i.StringSliceVar(&i.charts, "chart", nil, "")
	i.IntVar(&i.keep, "keep", 0, "")
	i.IntVar(&i.concurrency, "concurrency", 8, "")
	i.BoolVar(&i.dryRun, "dry-run", false, "")
	i.StringVar(&i.createdFrom, "created-from", fromIndex, "")
	i.BoolVar(&i.plainHTTP, "plain-http", false, "")
	return i
}

// checkImport refuses command lines before anything is read.
func (i *importFlags) checkImport() error {
	const maxConcurrency = 256
	switch {
	case i.NArg() != 1:
		return hint(usagef("import takes one operand, the channel"), "for example: portolan import --from https://charts.example.com stable")
	case i.from == "":
		return hint(usagef("--from is missing: where is the repository?"), "it is the URL that 'helm repo add' takes, or a folder")
	case i.keep < 0 || i.keep == 0 && i.Changed("keep"):
		return hint(usagef("%s: %d is not at least 1", i.given["keep"], i.keep), "without it, all versions are imported")
	case i.concurrency < 1 || i.concurrency > maxConcurrency:
		return usagef("%s: %d is not between 1 and %d", i.given["concurrency"], i.concurrency, maxConcurrency)
	case i.tokenFile != "" && (i.username != "" || i.passwordFile != ""):
		return hint(usagef("--token-file cannot be used with --username or --password-file"), "if the token is used as a password, give it with --username and --password-file")
	case (i.username != "") != (i.passwordFile != ""):
		return usagef("--username and --password-file must be given together")
	case i.createdFrom != fromIndex && i.createdFrom != fromArchive:
		return usagef("%s: %q is neither %s nor %s", i.given["created-from"], i.createdFrom, fromIndex, fromArchive)
	case i.plainHTTP && !isRegistry(i.from):
		return hint(usagef("%s is for registries (oci://) only", i.given["plain-http"]), "other repositories are read as their URL says")
	case (i.username != "" || i.tokenFile != "") && !isWeb(i.from) && !isRegistry(i.from):
		return hint(usagef("credentials are for web sites and registries only"), "credentials for a bucket are found as its cloud's own tools find them")
	}
	for _, charts := range i.charts {
		if err := pattern.CheckCharts(charts); err != nil {
			return usagef("%s: %q %v", i.given["chart"], charts, err)
		}
	}
	if err := channelname.Check(i.Arg(0)); err != nil {
		return wrongChannel(err, "")
	}
	return nil
}
