package main

import (
	"testing"

	"github.com/portolan-charts/portolan/generator"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/survey"
	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// TestSeeingRights looks at a site and a drop area with the rights that the table of
// permissions lists, where all is well and where head is lost.
func TestSeeingRights(t *testing.T) {
	t.Parallel()
	for who, look := range map[string]func(drop, site bucket.Store, id string) error{
		"portolan list": func(_, site bucket.Store, _ string) error {
			_, err := survey.Channels(t.Context(), site)
			return err
		},
		"portolan log": func(_, site bucket.Store, _ string) error {
			_, err := survey.Log(t.Context(), site, "stable", 20)
			return err
		},
		"portolan diff": func(_, site bucket.Store, _ string) error {
			_, err := survey.Diff(t.Context(), site, "stable", 1, -1)
			return err
		},
		"portolan uploads": func(drop, site bucket.Store, _ string) error {
			_, _, err := survey.Uploads(t.Context(), drop, site, survey.UploadsOptions{})
			return err
		},
		"portolan status": func(drop, site bucket.Store, id string) error {
			inbox, err := droparea.ReadInbox(t.Context(), drop)
			if err != nil {
				return err
			}
			p := &program{}
			rejected, err := p.countRejected(t.Context(), drop)
			if err != nil {
				return err
			}
			all, err := publisher.ReadStatus(t.Context(), site, inbox, rejected, nil)
			if err != nil || len(all) != 1 || all[0].Rejected != 1 {
				t.Errorf("status: %+v, %v", all, err)
			}
			if _, err := waitingIn(t.Context(), drop, inbox, "stable"); err != nil {
				return err
			}
			_, err = droparea.ReadReceipt(t.Context(), drop, id)
			return err
		},
	} {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			w := newGuarded()
			for _, content := range []string{"one", "two"} {
				w.submit(t, charttest.Simple("web", "1.0.0", "README.md", content), nil)
				w.submit(t, charttest.Simple("db", "1.0.0"), nil)
				w.generate(t, nil, generator.Options{})
			}
			id := w.submit(t, []byte("no chart"), nil)
			w.generate(t, nil, generator.Options{})
			w.submit(t, charttest.Simple("web", "2.0.0"), nil)
			allowed := readmeRights(t, who)
			drop, site := w.as(allowed)
			for range 2 {
				if err := look(lister{drop}, lister{site}, id); err != nil {
					t.Error(err)
				}
				if err := w.site.Handle("vandal").Delete(t.Context(), "stable/index.yaml", ""); err != nil {
					t.Fatal(err)
				}
			}
			wantRights(t, who, allowed, drop, site)
		})
	}
}
