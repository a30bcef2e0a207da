package publisher

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// The site's root may have an index.yaml as well: the head of one channel once more, for
// the users of a repository that had no channels. Its lines are head's, with the
// channel's folder in front of each URL, and its header is head's, with an annotation
// that names the channel. It follows from the log, so anyone may write it at any time; it
// is written before head, and never goes back. A file that portolan did not write, or
// that shows another channel, is left alone. What is no index of any kind is a damaged one
// of the channel that the log says is shown there, and is written again.
//
// The header of head says whether the root shows the channel. So the log has it, and
// [Verify] and a later run know it without the configuration.

// rootKey is the index in the site's root.
const rootKey = indexFile

// rootFile is what lies at rootKey.
type rootFile struct {
	channel    string // that it shows; "" if portolan did not write it, or there is no file
	generation int    // of the channel
	token      string // "" if there is no file
	sum        string // SHA-256, in hex; "" if portolan did not write it
	torn       bool   // it is no index, whole or not, that another tool may have written
	barred     error  // why it cannot be read, whatever it is
}

// rootView is a channel's view of the index in the site's root.
type rootView struct {
	file rootFile
	take bool   // it takes the place of whatever lies there
	mute bool   // what the log says about the root stays as it is
	logs bool   // the log said that the root shows the channel when the file was read
	left string // why the file is left alone; "" if the root shows the channel, or is to

	barred error // why the file can be neither read nor written; nil if it can
}

// mayReplace reports whether the channel's index may take the place of a file.
func (v *rootView) mayReplace(f rootFile, channel string) bool {
	return f.channel == channel || v.take || v.logs && f.torn
}

// readRoot reads the index in the site's root. It holds only the first line.
func readRoot(ctx context.Context, site bucket.Store) (rootFile, error) {
	r, err := site.Get(ctx, rootKey)
	if errors.Is(err, bucket.ErrNotFound) {
		return rootFile{}, nil
	}
	if bucket.Barred(err) {
		return rootFile{barred: err}, nil
	}
	if err != nil {
		return rootFile{}, err
	}
	defer r.Close()
	foreign := rootFile{token: r.Entry.Token}
	h := sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(r, h), maxHeader)
	line, err := in.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return rootFile{}, bucket.About(rootKey, err)
	}
	first := string(line)
	file := rootFile{token: r.Entry.Token}
	header, err := decodeHeader(strings.TrimSuffix(first, "\n"))
	if err == nil {
		file.channel = header.Annotations[channelKey]
		file.generation, err = header.generation()
	}
	if err != nil || file.channel == "" {
		foreign.torn = r.Entry.Size <= maxIndex && !looksForeign(io.MultiReader(strings.NewReader(first), in))
		return foreign, ctx.Err()
	}
	if _, err := io.Copy(io.Discard, in); err == nil {
		file.sum = hex.EncodeToString(h.Sum(nil))
	} // one that cannot be read to its end, after all retries, is damaged
	return file, ctx.Err()
}

// atRoot is the index as the site's root shows it, but for the URLs.
func (x *Index) atRoot(channel string) *Index {
	named := annotationsStart + fmt.Sprintf("%q:%q,", channelKey, channel)
	return &Index{header: strings.Replace(x.header, annotationsStart, named, 1), charts: x.charts}
}

// fromRoot returns the head that an index in the site's root shows, which is the inverse
// of atRoot. It changes the lines of x.
func (x *Index) fromRoot(channel string) (*Index, error) {
	named := annotationsStart + fmt.Sprintf("%q:%q,", channelKey, channel)
	head := &Index{header: strings.Replace(x.header, named, annotationsStart, 1), charts: x.charts}
	return head, head.moveUp(channel + "/")
}

// OpenAtRoot is [OpenChannel] for a channel that the index in the site's root is to show
// as well, which [Channel.Project] then sees to. What portolan did not write there, or
// wrote for another channel, is left alone; with replace, the channel takes its place.
func OpenAtRoot(ctx context.Context, site bucket.Store, name string, replace bool) (*Channel, error) {
	file, err := readRoot(ctx, site) // before the log, so it is never newer than what the log then says
	if err != nil {
		return nil, err
	}
	c, err := OpenChannel(ctx, site, name)
	if err != nil {
		return nil, err
	}
	c.watchRoot(file, replace)
	return c, nil
}

// openShown is [OpenAtRoot] if the index in the site's root shows the channel, whatever
// the configuration says, and [OpenChannel] otherwise.
func openShown(ctx context.Context, site bucket.Store, name string) (*Channel, error) {
	file, err := readRoot(ctx, site)
	if err != nil {
		return nil, err
	}
	c, err := OpenChannel(ctx, site, name)
	switch {
	case err != nil:
		return nil, err
	case file.barred != nil && c.shownAtRoot():
		return nil, file.barred // it may name what is about to be removed
	case file.channel == name && file.generation <= c.Generation():
		c.root = &rootView{file: file, mute: true}
	}
	return c, nil
}

// watchRoot makes the channel's next Project see to the index in the site's root, which
// was read before the log.
func (c *Channel) watchRoot(file rootFile, take bool) {
	v := &rootView{file: file, take: take, logs: c.shownAtRoot()}
	c.root = v
	if file.channel == c.Name && file.generation > c.Generation() {
		v.file.channel = "" // the channel was removed and made again, so this one is not its own
	}
	switch {
	case file.barred != nil:
		c.barRoot(file.barred)
	case file.token == "" || v.mayReplace(v.file, c.Name):
	case file.channel == c.Name:
		v.left = c.rootLeft(fmt.Sprintf("is generation %d of channel %s, but the log ends at %d", file.generation, c.Name, c.Generation()))
	default:
		v.left = c.rootLeft(notAtRoot(file))
	}
}

// notAtRoot says what lies in the site's root instead of the channel's index.
func notAtRoot(file rootFile) string {
	if file.channel != "" {
		return "shows channel " + file.channel
	}
	return "was not written by portolan"
}

// rootLeft says why the index in the site's root is left alone, and how to change that.
func (c *Channel) rootLeft(why string) string {
	return fmt.Sprintf("%s in the site's root %s, so it is left alone; 'portolan generate --replace-root' puts channel %s in its place", rootKey, why, c.Name)
}

// barRoot gives up on the index in the site's root, since it cannot be read or written.
// That must not keep head from being written. What the log says stays as it is: so the
// file is still missing to [Verify], and a later run tries again.
func (c *Channel) barRoot(err error) {
	v := c.root
	v.barred, v.mute = bucket.About(rootKey, reason(err)), true
	v.left = fmt.Sprintf("%s in the site's root cannot be read or written (%v), so it does not show the newest index of channel %s: "+
		"move away what lies there, or let portolan read and write it, and run 'portolan generate --channel %s'", rootKey, reason(err), c.Name, c.Name)
}

// reason is an error about an object without the object's key.
func reason(err error) error {
	if about := (*bucket.KeyError)(nil); errors.As(err, &about) {
		return about.Err
	}
	return err
}

// LeaveRoot tells the channel that its configuration does not want it in the site's root.
// If the root shows it all the same, [Channel.RootLeft] says so. It reads nothing unless
// the log says that the root shows the channel.
func (c *Channel) LeaveRoot(ctx context.Context) error {
	if !c.shownAtRoot() {
		return nil
	}
	file, err := readRoot(ctx, c.site)
	if err != nil {
		return err
	}
	if file.barred != nil {
		c.left = fmt.Sprintf("%s in the site's root cannot be read (%v), so nobody knows whether it still shows channel %s, "+
			"which rootChannel in portolan.yaml does not name: let portolan read it, or delete it", rootKey, reason(file.barred), c.Name)
		return nil
	}
	what := "shows"
	if file.torn {
		what = "is a damaged index of"
	}
	c.leaves = file.channel != c.Name && !file.torn
	if !c.leaves {
		c.left = fmt.Sprintf("%s in the site's root %s channel %s, but rootChannel in portolan.yaml does not name it, "+
			"so the file becomes outdated: set 'rootChannel: %s', or delete the file", rootKey, what, c.Name, c.Name)
	}
	return nil
}

// shownAtRoot reports whether the newest index says that the site's root shows it.
func (c *Channel) shownAtRoot() bool {
	h, err := c.index.Header()
	return err == nil && h.Root
}

// AtRoot reports whether the site's root shows the channel, or is about to.
func (c *Channel) AtRoot() bool { return c.logsRoot() && (c.root == nil || c.root.barred == nil) }

// logsRoot reports whether the next index is to say that the site's root shows it.
func (c *Channel) logsRoot() bool {
	if c.root != nil && !c.root.mute {
		return c.root.left == ""
	}
	return c.shownAtRoot() && !c.leaves
}

// RootChanges reports whether the index is wrong about whether the site's root shows it.
// Then the next Commit corrects it, also if the draft changes nothing else.
func (c *Channel) RootChanges() bool {
	return c.IndexGeneration() > 0 && c.shownAtRoot() != c.logsRoot()
}

// RootLeft says what the channel leaves alone in the site's root, although its users may
// not expect it; "" if there is nothing.
func (c *Channel) RootLeft() string {
	if c.root != nil {
		return c.root.left
	}
	return c.left
}

// RootBehind says what is wrong with the index in the site's root, and what Project
// corrects, apart from what follows from a head that is behind.
func (c *Channel) RootBehind() (string, error) {
	if c.root == nil || c.root.left != "" || len(c.behind) > 0 || !c.shownAtRoot() {
		return "", nil
	}
	file := c.root.file
	sum, _, err := c.index.atRoot(c.Name).sum(c.Name + "/")
	switch {
	case err != nil || file.sum == sum:
		return "", err
	case file.token == "":
		return rootKey + ": missing", nil
	case file.torn:
		return rootKey + ": damaged", nil
	case file.channel != c.Name:
		return rootKey + ": " + notAtRoot(file), nil
	case file.generation != c.IndexGeneration():
		return fmt.Sprintf("%s: generation %d of %s, though generation %d is committed", rootKey, file.generation, c.Name, c.IndexGeneration()), nil
	}
	return rootKey + ": damaged", nil
}

// putRoot makes the index in the site's root the newest generation, unless it shows a
// later one, and reports whether it had to write.
func (c *Channel) putRoot(ctx context.Context) (written bool, err error) {
	if c.root == nil || c.root.left != "" || c.IndexGeneration() == 0 {
		return false, nil
	}
	x, up := c.index.atRoot(c.Name), c.Name+"/"
	sum, _, err := x.sum(up)
	if err != nil {
		return false, err
	}
	object := bucket.Object{Key: rootKey, Body: x.body(up), ContentType: typeYAML, CacheControl: revalidated}
	for range bucket.MaxRestores {
		switch f := c.root.file; {
		case f.barred != nil:
			err = f.barred
		case f.channel == c.Name && (f.sum == sum || f.generation > c.IndexGeneration()):
			return false, nil
		case f.token == "":
			err = c.site.Create(ctx, object)
		case c.root.mayReplace(f, c.Name):
			err = c.site.Replace(ctx, object, f.token)
		default:
			c.root.left = c.rootLeft(notAtRoot(f))
			return false, nil
		}
		if err == nil { // its new token is unknown, and seldom needed
			c.root.file = rootFile{channel: c.Name, generation: c.IndexGeneration(), sum: sum}
			return true, nil
		}
		if bucket.Barred(err) && !c.root.mute {
			c.barRoot(err)
			return false, nil
		}
		if !errors.Is(err, bucket.ErrConflict) {
			return false, err
		}
		if c.root.file, err = readRoot(ctx, c.site); err != nil {
			return false, err
		}
	}
	return false, bucket.About(rootKey, bucket.ErrContended)
}
