package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/channelname"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// The folders of a drop area.
const (
	inbox    = "inbox"
	receipts = "receipts"
	rejected = "rejected"
)

// drop examines the drop area.
func (e *exam) drop(ctx context.Context) {
	p := e.Drop
	if p.Store == nil || !e.folder("drop: folder", p, "'portolan drop' creates it") {
		return
	}
	err := within(ctx, func(ctx context.Context) error { return e.listInbox(ctx, p) })
	if err != nil {
		e.KnownAll = false
		e.fail("drop: listing", p, err)
		if p.hopeless(err) {
			return
		}
	}
	if e.Options.ReadOnly {
		return
	}
	for _, folder := range e.below(inbox) {
		e.promises(ctx, "drop: "+folder+"/", p, folder)
	}
	for _, folder := range []string{receipts, rejected} {
		e.usable(ctx, p, folder)
	}
}

// hopeless reports whether nothing else can work after a listing that failed with
// this error. Only if a permission is missing, the rest may still work.
func (p Place) hopeless(err error) bool {
	return p.Folder == "" && !bucket.Denied(err)
}

// listInbox lists the inbox, and checks whether this is a drop area at all.
func (e *exam) listInbox(ctx context.Context, p Place) error {
	in, err := droparea.ReadInbox(ctx, p.Store)
	if err != nil {
		return err
	}
	waiting := 0
	for _, c := range in.Channels {
		waiting += len(c.Uploads) + len(c.Foreign)
		e.Known = append(e.Known, c.Channel)
	}
	if waiting == 0 {
		names, others, err := list(ctx, p.Store, "")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(names, func(name string) bool { return name == inbox || name == receipts || name == rejected }) && len(others) > 0 {
			e.Add("drop: listing", Warning, "no uploads, but other things: "+notable(others), "make sure that this is the drop area, and not some other bucket or folder")
			return nil
		}
	}
	if len(in.Ignored) > 0 {
		e.Add("drop: listing", Warning, fmt.Sprintf("%d objects in the inbox are not uploads, such as %s: it %s", len(in.Ignored), in.Ignored[0].Key, in.Ignored[0].Reason),
			"delete those that nobody needs; 'portolan status' lists them")
		return nil
	}
	e.Add("drop: listing", OK, fmt.Sprintf("waiting uploads: %d", waiting), "")
	return nil
}

// list returns the names in a folder: those of its folders, and all.
func list(ctx context.Context, s bucket.Store, dir string) (folders, all []string, err error) {
	for entry, err := range s.List(ctx, dir, bucket.Children) {
		if err != nil {
			return nil, nil, err
		}
		all = append(all, path.Base(entry.Key))
		if entry.Dir {
			folders = append(folders, path.Base(entry.Key))
		}
	}
	return folders, all, nil
}

// site examines the site, and finds its channels.
func (e *exam) site(ctx context.Context) {
	p := e.Site
	if p.Store == nil {
		e.KnownAll = false
		return
	}
	if !e.folder("site: folder", p, "'portolan generate' creates it") {
		e.KnownAll = false
		return
	}
	if err := within(ctx, func(ctx context.Context) error { return e.listSite(ctx, p) }); err != nil {
		e.KnownAll = false
		e.fail("site: listing", p, err)
		if p.hopeless(err) {
			return
		}
	}
	if e.Options.ReadOnly {
		return
	}
	folders := e.Channels
	if len(folders) == 0 {
		folders = []string{""}
	}
	for _, folder := range folders {
		e.promises(ctx, "site: "+folder+"/", p, folder)
	}
}

func (e *exam) listSite(ctx context.Context, p Place) error {
	channels, err := publisher.Channels(ctx, p.Store)
	if err != nil {
		return err
	}
	e.Known = append(e.Known, channels...)
	slices.Sort(e.Known)
	e.Known = slices.Compact(e.Known)
	for _, name := range e.Channels {
		if !slices.Contains(channels, name) {
			e.Add("site: "+name, Warning, "there is no such channel yet", "check its name; the first accepted upload creates it")
		}
	}
	for _, name := range channels {
		if reserved := channelname.Reserved(name); reserved != nil {
			e.Add("site: "+name, Warning, reserved.Error(), reserved.Fix())
		}
	}
	if len(channels) > 0 {
		if len(e.Channels) == 0 {
			e.served = channels
		}
		e.Add("site: listing", OK, "channels: "+notable(channels), "")
		return nil
	}
	_, others, err := list(ctx, p.Store, "")
	if err != nil {
		return err
	}
	if len(others) > 0 {
		e.Add("site: listing", Warning, "no channels, but other things: "+notable(others), "make sure that this is the site, and not some other bucket or folder")
		return nil
	}
	e.Add("site: listing", Warning, "nothing has been published yet", "upload a chart with 'portolan drop', and run 'portolan generate'")
	return nil
}

// folder checks a local folder, and reports whether the rest is worth checking.
func (e *exam) folder(check string, p Place, maker string) bool {
	if p.Folder == "" {
		return true
	}
	switch info, err := os.Stat(p.Folder); {
	case errors.Is(err, os.ErrNotExist):
		e.Add(check, Fail, p.Folder+": no such folder", "name the right one, or start with this one: "+maker)
	case err != nil:
		e.fail(check, p, err)
	case !info.IsDir():
		e.Add(check, Fail, p.Folder+": not a folder", "name a folder")
	default:
		e.Add(check, OK, p.Folder, "")
		return true
	}
	return false
}

// below returns the folders of the named channels in a folder of the drop area, or
// that folder if no channels were named.
func (e *exam) below(folder string) []string {
	if len(e.Channels) == 0 {
		return []string{folder}
	}
	var all []string
	for _, name := range e.Channels {
		all = append(all, path.Join(folder, name))
	}
	return all
}

// there returns the folder, or for a local one that does not exist, its nearest
// parent that does, so that the examination leaves no new folders.
func (p Place) there(folder string) string {
	for p.Folder != "" && folder != "" {
		if _, err := os.Stat(filepath.Join(p.Folder, filepath.FromSlash(folder))); err == nil {
			break
		}
		if folder = path.Dir(folder); folder == "." {
			folder = ""
		}
	}
	return folder
}

// promises probes a folder for everything that the protocol needs.
func (e *exam) promises(ctx context.Context, check string, p Place, folder string) {
	err := within(ctx, func(ctx context.Context) error { return bucket.Probe(ctx, p.Store, p.there(folder)) })
	broken := (*bucket.BrokenPromise)(nil)
	switch {
	case errors.As(err, &broken) && broken.Deletions && strings.HasPrefix(check, "site: "):
		e.Add(check, OK, "create, read, replace and delete work; the server ignores the condition of a deletion, which a site does not need", "")
	case errors.As(err, &broken):
		result := Fail
		if broken.Deletions {
			result = Warning
		}
		e.Add(check, result, broken.Promise+", but "+broken.Seen, broken.Fix)
	case err != nil:
		e.fail(check, p, err)
	default:
		e.Add(check, OK, "create, read, replace and delete work, and so do their conditions", "")
	}
}

// usable tries what the generator does in a folder of the drop area, and checks the
// store's clock.
func (e *exam) usable(ctx context.Context, p Place, folder string) {
	check := "drop: " + folder + "/"
	var modified time.Time
	start := e.Now()
	err := within(ctx, func(ctx context.Context) (err error) {
		modified, err = try(ctx, p.Store, p.there(folder))
		return err
	})
	if err != nil {
		e.fail(check, p, err)
		return
	}
	e.Add(check, OK, "create, read and delete work", "")
	if folder == receipts {
		e.skew("drop: clock", modified, e.Now().Sub(start)+time.Second) // stores round to seconds
	}
}

// try writes, reads and deletes an object in the folder.
func try(ctx context.Context, s bucket.Store, folder string) (modified time.Time, err error) {
	key := path.Join(folder, bucket.ProbePrefix+strings.ToLower(rand.Text()))
	text := []byte(key + ": written by portolan to check whether it may write here; it can be deleted\n")
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTime)
		defer cancel()
		if cleaning := s.Delete(ctx, key, ""); err == nil && cleaning != nil {
			err = fmt.Errorf("deleting an object: %w", cleaning)
		}
	}()
	if err := s.Create(ctx, bucket.Object{Key: key, Body: bucket.Bytes(text), ContentType: "text/plain; charset=utf-8"}); err != nil {
		return time.Time{}, fmt.Errorf("creating an object: %w", err)
	}
	got, entry, err := bucket.ReadAll(ctx, s, key, 4<<10)
	if err == nil && !bytes.Equal(got, text) {
		err = errors.New("the bytes differ from those that were written")
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading an object: %w", err)
	}
	return entry.Modified, nil
}
