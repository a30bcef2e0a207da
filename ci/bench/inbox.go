package main

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher/droparea"
)

// inbox returns the folder of a site's drop area that takes uploads, and makes it.
func inbox(folder string) (string, error) {
	dir := filepath.Join(folder, "drop", "inbox", channel)
	return dir, os.MkdirAll(dir, 0o777)
}

// copyIn copies archives into an inbox under their own names, as users do with cp, and
// waits until nobody can still be writing to them, as generate would.
func copyIn(ctx context.Context, folder, archives string) error {
	to, err := inbox(folder)
	if err != nil {
		return err
	}
	err = eachFile(ctx, archives, func(name string, archive []byte) error {
		return os.WriteFile(filepath.Join(to, name), archive, 0o666)
	})
	time.Sleep(droparea.Settle)
	return err
}

// submit puts archives into an inbox as 'portolan drop' does, each with an id and a
// request.
func submit(ctx context.Context, folder, archives string) error {
	to, err := inbox(folder)
	if err != nil {
		return err
	}
	return eachFile(ctx, archives, func(name string, archive []byte) error { return submitOne(to, name, archive) })
}

func submitOne(inbox, name string, archive []byte) error {
	id, err := droparea.NewID()
	if err != nil {
		return err
	}
	request, err := json.Marshal(droparea.Request{File: name})
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(inbox, id+".json"), request, 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(inbox, id+".tgz"), archive, 0o666)
}

// eachFile calls a function for each file of a folder, for several at a time.
func eachFile(ctx context.Context, folder string, do func(name string, data []byte) error) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	return atOnce(ctx, files, func(f fs.DirEntry) error {
		data, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return err
		}
		return do(f.Name(), data)
	})
}

// atOnce calls a function for each of all, for as many at a time as there are
// processors.
func atOnce[T any](ctx context.Context, all []T, do func(T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, one := range all {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return do(one)
		})
	}
	return group.Wait()
}
