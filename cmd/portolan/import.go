package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portolan-charts/portolan/generator/importer"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/smallfile"
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
	if err := i.checkTakesUploads(i.Arg(0)); err != nil {
		return err
	}
	odd, err := i.checkName(ctx, site, i.Arg(0))
	if err != nil {
		return err
	}
	if odd != nil {
		p.say("warning", odd.Message)
	}
	who := whoAsks("import")
	who["from"] = repository.String()
	progress := p.newProgress("charts")
	report, err := importer.Run(ctx, importer.Options{
		From: repository, Channel: i.Arg(0), Drop: drop, Site: site, Config: i.config,
		Charts: i.charts, Keep: i.keep, Workers: i.concurrency, DryRun: i.dryRun, Uploader: who,
		ArchiveDates: i.createdFrom == fromArchive, Warn: func(text string) { p.say("warning", text) },
		Progress: func(done, total int) { progress.update(i.Arg(0), done, total) },
	})
	progress.finish()
	if p.found = report; !i.output.json {
		p.printImported(report, err != nil)
		if note := i.suggestRoot(); note != "" && err == nil && report.Count(importer.Taken) > 0 {
			p.say("note", note)
		}
	}
	if err == nil && report.Lost() > 0 {
		return errRejected
	}
	return i.advise(err)
}

// advise adds to an import's error what helps.
func (i *importFlags) advise(err error) error {
	switch {
	case errors.Is(err, http.ErrSchemeMismatch) && isRegistry(i.from):
		return hint(err, "if this registry has no https, give --plain-http")
	case errors.Is(err, importer.ErrDenied) && isRegistry(i.from):
		return hint(err, "registries answer so for what they do not have, too; if the name is right, log in by 'helm registry login' or 'docker login', or give --username and --password-file")
	case errors.Is(err, importer.ErrDenied):
		return hint(err, "give credentials that may read the repository: --username and --password-file, or --token-file")
	case errors.As(err, new(x509.UnknownAuthorityError)):
		return hint(err, "name the file with the certificate of the server's authority: --ca-file")
	case errors.Is(err, publisher.ErrNotOurs):
		return hint(err, "import into a channel with another name: portolan does not overwrite files that it did not write")
	}
	return err
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
	case isWeb(i.from), isRegistry(i.from):
		return i.openServer(p)
	case localFolder(i.from) != "":
		folder := localFolder(i.from)
		if err := isFolder(folder); err != nil && !isIndex(folder) {
			return nil, err
		}
		return importer.OpenFolder(folder)
	}
	store, err := bucket.Open(ctx, i.from)
	if err != nil {
		return nil, wrongBucket(err)
	}
	return importer.OpenBucket(i.from, store)
}

// openServer opens a repository on a web server or in a registry.
func (i *importFlags) openServer(p *program) (r *importer.Repository, err error) {
	c, err := i.credentials()
	if err != nil {
		return nil, err
	}
	if isRegistry(i.from) {
		var plain *bool
		if i.Changed("plain-http") {
			plain = &i.plainHTTP
		}
		r, err = importer.OpenRegistry(i.from, plain, c)
	} else {
		r, err = importer.OpenWeb(i.from, c)
	}
	if err != nil {
		err = wrongSetting(fmt.Errorf("%s: %w", i.given["from"], err))
		if isRegistry(i.from) && !strings.Contains(i.from, "@") {
			return nil, hint(err, "for example: --from oci://registry.example.com/charts/mychart")
		}
		return nil, hint(err, "put credentials into a file for --password-file or --token-file, not into the URL")
	}
	if c != (importer.Credentials{}) && (i.plainHTTP || strings.HasPrefix(strings.ToLower(i.from), "http:")) {
		p.say("warning", "the credentials are sent over http, where others can read them")
	}
	return r, nil
}

// isRegistry reports whether the URL is in an OCI registry.
func isRegistry(url string) bool { return strings.HasPrefix(strings.ToLower(url), "oci://") }

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
		c.Password, err = smallfile.Secret(i.passwordFile)
	}
	if i.tokenFile != "" {
		c.Token, err = smallfile.Secret(i.tokenFile)
	}
	return c, err
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
