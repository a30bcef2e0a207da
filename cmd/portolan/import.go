package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/importer"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/pattern"
)

func (p *program) importCharts(ctx context.Context, args []string) error {
	i := newImportFlags()
	if err := p.parse(i.flags, args); err != nil {
		return err
	}
	if err := i.checkImport(); err != nil {
		return err
	}
	if err := i.apart(); err != nil {
		return err
	}
	repository, err := i.repository(ctx, p)
	if err != nil {
		return err
	}
	drop, site, err := i.stores(ctx, p)
	if err != nil {
		return err
	}
	odd, err := i.checkName(ctx, site, i.Arg(0))
	if err != nil {
		return err
	}
	if odd != nil {
		p.say("warning", odd.Message)
	}
	who := uploader()
	who["client"], who["from"] = "portolan import", repository.String()
	progress := p.newProgress("charts")
	report, err := importer.Run(ctx, importer.Options{
		From: repository, Channel: i.Arg(0), Drop: drop, Site: site, Config: i.config,
		Charts: i.charts, Keep: i.keep, Workers: i.concurrency, DryRun: i.dryRun, Uploader: who,
		Progress: func(done, total int) { progress.update(i.Arg(0), done, total) },
	})
	progress.finish()
	if p.found = report; !i.output.json {
		p.printImported(report, err != nil)
		if note := i.suggestRoot(); note != "" && err == nil && report.Count(importer.Taken) > 0 {
			p.say("note", note)
		}
	}
	switch {
	case errors.Is(err, importer.ErrDenied):
		return hint(err, "give credentials that may read the repository: --username and --password-file, or --token-file")
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return hint(err, "name the file with the certificate of the server's authority: --ca-file")
	case errors.Is(err, publisher.ErrNotOurs):
		return hint(err, "import into a channel with another name: portolan does not overwrite files that it did not write")
	case err == nil && report.Lost() > 0:
		return errRejected
	}
	return err
}

// importFlags are the flags of import.
type importFlags struct {
	*flags
	from, username, passwordFile, tokenFile string
	charts                                  []string
	keep, concurrency                       int
	dryRun                                  bool
}

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
	case (i.username != "" || i.tokenFile != "") && !isWeb(i.from):
		return hint(usagef("credentials are for web sites only"), "credentials for a bucket are found as its cloud's own tools find them")
	}
	for _, charts := range i.charts {
		if err := pattern.CheckCharts(charts); err != nil {
			return usagef("%s: %q %v", i.given["chart"], charts, err)
		}
	}
	if err := publisher.CheckChannel(i.Arg(0)); err != nil {
		return wrongChannel(err, "")
	}
	return nil
}

// repository opens the repository that is imported.
func (i *importFlags) repository(ctx context.Context, p *program) (*importer.Repository, error) {
	trusted, err := i.authorities()
	if err != nil {
		return nil, err
	}
	r, err := i.openFrom(ctx, p)
	if err == nil {
		r.Trust(trusted)
	}
	return r, err
}

func (i *importFlags) openFrom(ctx context.Context, p *program) (*importer.Repository, error) {
	if err := i.checkBucket("from", i.from); err != nil {
		return nil, err
	}
	switch {
	case isWeb(i.from):
		c, err := i.credentials()
		if err != nil {
			return nil, err
		}
		if c != (importer.Credentials{}) && strings.HasPrefix(strings.ToLower(i.from), "http:") {
			p.say("warning", "the credentials are sent over http, where others can read them")
		}
		r, err := importer.OpenWeb(i.from, c)
		if err != nil {
			return nil, hint(wrongSetting(fmt.Errorf("%s: %w", i.given["from"], err)), "put credentials into a file for --password-file or --token-file, not into the URL")
		}
		return r, nil
	case localFolder(i.from) != "":
		folder := localFolder(i.from)
		if err := isFolder(folder); err != nil && !isIndex(folder) {
			return nil, err
		}
		return importer.OpenFolder(folder)
	case strings.HasPrefix(i.from, "oci://"):
		return nil, hint(wrongSetting(fmt.Errorf("%s: an OCI registry has no index to import", i.given["from"])), "pull its charts into a folder with 'helm pull', and import the folder")
	}
	store, err := bucket.Open(ctx, i.from)
	if err != nil {
		return nil, wrongBucket(err)
	}
	return importer.OpenBucket(i.from, store)
}

// isIndex reports whether the path may be that of a repository's index, which stands
// for the folder that it is in.
func isIndex(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path))
}

// credentials reads what the files say.
func (i *importFlags) credentials() (c importer.Credentials, err error) {
	c.Username = i.username
	if i.passwordFile != "" {
		c.Password, err = readSecret(i.passwordFile)
	}
	if i.tokenFile != "" {
		c.Token, err = readSecret(i.tokenFile)
	}
	return c, err
}

// readSecret reads a file of one line.
func readSecret(file string) (string, error) {
	const most = 64 << 10 // tokens of all kinds are far shorter
	b, err := readFile(file, most)
	secret := strings.TrimRight(string(b), "\r\n")
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("%s: no such file", file)
	case err != nil:
		return "", err
	case secret == "" || len(b) > most || strings.ContainsAny(secret, "\r\n"):
		return "", fmt.Errorf("%s: must hold the secret on one line, and nothing else", file)
	}
	return secret, nil
}

// stores opens the drop area, which is made if need be, and the site, which is
// only read and need not be there.
func (i *importFlags) stores(ctx context.Context, p *program) (drop, site bucket.Store, err error) {
	if site, _, err = i.openBucket(ctx, "site"); err != nil {
		return nil, nil, err
	}
	if i.dryRun {
		drop, _, err = i.openBucket(ctx, "drop")
		return drop, site, err
	}
	p.warnOfDefault(i.flags)
	drop, err = p.open(ctx, i.flags, "drop")
	return drop, site, err
}
