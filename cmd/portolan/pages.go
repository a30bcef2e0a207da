package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/config"
	"github.com/portolan-charts/portolan/generator/pages"
	"github.com/portolan-charts/portolan/publisher/smallfile"
	"github.com/portolan-charts/portolan/templates"
)

// optionTemplates is a part of optionsPages.
const optionTemplates = `    --templates DIR
                        PORTOLAN_TEMPLATES
                        Folder of your own HTML templates, style.css, script.js.`

// optionsPages is the help of what withPages adds. --pages follows it, and means something
// else in each command.
const optionsPages = `    --base-url URL      Where the site's root is served        PORTOLAN_BASE_URL
                        (default: baseURL in portolan.yaml);
                        the pages show it to readers.
` + optionTemplates

// withPages adds the flags of the commands that write pages, or look at them.
func (f *flags) withPages() {
	f.BoolVar(&f.pages, "pages", true, "")
	f.base = f.String("base-url", "", "")
	f.StringVar(&f.templates, "templates", "", "")
}

// writer returns what writes the site's pages; nil if there are to be none.
func (f *flags) writer() (*pages.Writer, error) {
	c := f.config
	if c == nil {
		c = &config.Config{}
	}
	if !f.Changed("pages") {
		f.pages = c.HasPages()
	}
	configure(f, "templates", &f.templates, c.Templates)
	if !f.pages {
		if f.Changed("templates") {
			return nil, usagef("%s: templates are only for pages, and pages are switched off", f.given["templates"])
		}
		return nil, nil
	}
	o := pages.Options{
		Site:        templates.Site{Title: c.Title, Description: c.Description, URL: c.BaseURL},
		Look:        templates.Options{Dir: f.templates, Colors: templates.Colors(c.Colors)},
		ArtifactHub: c.ArtifactHub,
		Private:     c.Private,
		RepoPrefix:  c.RepoPrefix,
		Workers:     f.workers,
	}
	for _, link := range c.Footer {
		o.Site.Footer = append(o.Site.Footer, templates.Link{Text: link.Text, URL: link.URL})
	}
	if err := readLogo(c.Logo, &o.Look); err != nil {
		return nil, fmt.Errorf("%s: logo: %w", f.configFile, err)
	}
	w, err := pages.New(o)
	if err != nil {
		return nil, err
	}
	return w, nil
}

// projector returns what writes pages during a generator's run; nil for none.
func (f *flags) projector() (generator.Pages, error) {
	w, err := f.writer()
	return pagesOf(w), err
}

// pagesOf returns nil for no writer, and no interface that holds a nil.
func pagesOf(w *pages.Writer) generator.Pages {
	if w == nil {
		return nil
	}
	return w
}

// maxLogo is the largest image that every first visit is asked to load, in bytes.
const maxLogo = 256 << 10

// readLogo reads the logo, if there is to be one.
func readLogo(file string, o *templates.Options) error {
	if file == "" {
		return nil
	}
	o.LogoExt = strings.ToLower(filepath.Ext(file))
	if o.LogoExt != ".svg" && o.LogoExt != ".png" {
		return fmt.Errorf("%s must be a file that ends in .svg or .png", file)
	}
	var err error
	o.Logo, err = smallfile.Read(file, maxLogo)
	return err
}

// notePages says what is odd about a channel's pages.
func (p *program) notePages(channel string, r *generator.PagesReport) {
	p.notes("note", r.Problems)
	if r.Mixed {
		p.say("note", fmt.Sprintf("only the changed pages of %s have the current templates and settings; 'portolan rebuild --channel %[1]s' renders all of them again", channel))
	}
}
