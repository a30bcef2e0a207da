package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher"
)

const bulkVersions = 10_000

// bulk publishes many charts at once on an empty site, and verifies the site.
func (b *bench) bulk(ctx context.Context) error {
	folder := filepath.Join(b.folder, "bulk")
	archives := filepath.Join(folder, "archives")
	if err := os.Mkdir(folder, 0o777); err != nil {
		return err
	}
	say("making %d archives", bulkVersions)
	if err := makeArchives(ctx, archives, bulkVersions); err != nil {
		return err
	}
	index := &command{args: []string{b.helm, "repo", "index", archives}}
	peer, err := index.medianOf(ctx, nil)
	if err != nil {
		return err
	}
	generate := &command{dir: folder, args: []string{b.portolan, "generate", "--pages=false"}}
	ours, err := generate.medianOf(ctx, func() error {
		if err := remove(filepath.Join(folder, "drop"), filepath.Join(folder, "site")); err != nil {
			return err
		}
		return fillInbox(filepath.Join(folder, "drop"), archives)
	})
	if err != nil {
		return err
	}
	b.table.add(row{
		work: "10,000 charts from an empty site, no pages", goal: "≤ 1/4 of the wall of `helm repo index`, ≤ 150 MB",
		figure: ours.String(), ratio: fmt.Sprintf("%s of %s", times(ours.Wall, peer.Wall), peer),
		met: ours.Wall <= peer.Wall/4 && ours.Peak <= 150*mb,
	})
	if err := b.verify(ctx, folder); err != nil {
		return err
	}
	return remove(folder)
}

// fillInbox puts the archives into the inbox as uploads, each with an id and a
// request.
func fillInbox(drop, archives string) error {
	inbox := filepath.Join(drop, "inbox", channel)
	if err := os.MkdirAll(inbox, 0o777); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(archives, "*.tgz"))
	if err != nil {
		return err
	}
	for _, file := range files {
		id, err := publisher.NewID()
		if err != nil {
			return err
		}
		request, err := json.Marshal(publisher.Request{File: filepath.Base(file)})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(inbox, id+".json"), request, 0o666); err != nil {
			return err
		}
		if err := os.Link(file, filepath.Join(inbox, id+".tgz")); err != nil {
			return err
		}
	}
	return nil
}

// verify verifies the site, and measures the least work that this needs.
func (b *bench) verify(ctx context.Context, folder string) error {
	site := filepath.Join(folder, "site")
	least, err := median(func() (cost, error) { return inProcess(func() error { return listAndRead(site) }) })
	if err != nil {
		return err
	}
	ours, err := (&command{dir: folder, args: []string{b.portolan, "verify", "--pages=false"}}).medianOf(ctx, nil)
	if err != nil {
		return err
	}
	b.table.add(row{
		work: "`verify` of 10,000 versions", goal: "as fast as listing and reading the log allow: ≤ 2×",
		figure: ours.String(), ratio: fmt.Sprintf("%s of %s", times(ours.Wall, least.Wall), least.wall()),
		met: ours.Wall <= 2*least.Wall,
	})
	sums := &command{dir: site, args: []string{"sh", "-c", `find . -name '*.tgz' -print0 | xargs -0 -n 100 -P "$(getconf _NPROCESSORS_ONLN)" sha256sum`}}
	peer, err := sums.medianOf(ctx, nil)
	if err != nil {
		return err
	}
	deep, err := (&command{dir: folder, args: []string{b.portolan, "verify", "--deep", "--pages=false"}}).medianOf(ctx, nil)
	if err != nil {
		return err
	}
	b.table.add(row{
		work: "`verify --deep` of 10,000 versions", goal: "≥ 80 % of the speed of `sha256sum` on all cores",
		figure: deep.String(), ratio: fmt.Sprintf("%.0f %% of the speed of %s", 100*quotient(peer.Wall, deep.Wall), peer),
		met: quotient(peer.Wall, deep.Wall) >= 0.8,
	})
	return nil
}

// listAndRead lists a site, with the size of every file, and reads and hashes
// its log, head and snapshots.
func listAndRead(site string) error {
	return filepath.WalkDir(site, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if _, err := d.Info(); err != nil {
			return err
		}
		if strings.Contains(path, "/log/") || strings.HasSuffix(path, "index.yaml") {
			return hashFile(path, io.Discard)
		}
		return nil
	})
}

// hashFile reads a file, hashes it and copies it to a writer.
func hashFile(path string, to io.Writer) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(io.MultiWriter(sha256.New(), to), in)
	return err
}

// readHashWrite measures the least work that a generation needs for an index of
// this size: to read, hash and durably write it once.
func readHashWrite(path string) (time.Duration, error) {
	out, err := os.Create(path + ".copy")
	if err != nil {
		return 0, err
	}
	defer os.Remove(out.Name())
	begin := time.Now()
	err = hashFile(path, out)
	if err == nil {
		err = out.Sync()
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return time.Since(begin), err
}
