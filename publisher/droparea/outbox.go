package droparea

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/lazyregexp"
)

// The outbox is what receivers are still to be told: objects in the inbox, so that the one
// listing of a run shows them. Each is written before head shows its generation, and removed
// once that is told. All that an entry says is in its key, and entries never change. So any
// run may write an entry, act on it, or remove it when it has told a generation that is not
// older.

// untoldExt ends the names of entries. No upload and no action has it.
const untoldExt = ".notify.json"

// Untold is an entry of the outbox.
type Untold struct {
	Since      int // the generation that head showed before; 0 for none
	Generation int // that head shows then, or a later one

	Receiver string    // whom to tell: eight hex digits that the caller chooses; "" for all
	Tries    int       // that have failed; 0 if Receiver is ""
	Modified time.Time // when it was written: after the last try, if any failed
}

var untoldName = lazyregexp.New(`^(\d{8,12})-(\d{8,12})(?:\.([0-9a-f]{8})-(\d{1,3}))?$`)

func (u Untold) key(channel string) string {
	name := fmt.Sprintf("%08d-%08d", u.Since, u.Generation)
	if u.Receiver != "" {
		name += fmt.Sprintf(".%s-%d", u.Receiver, u.Tries)
	}
	return inboxKey(channel, name, untoldExt)
}

// Same reports whether the two are the same entry.
func (u Untold) Same(other Untold) bool {
	other.Modified = u.Modified
	return u == other
}

// parseUntold reads the name of a file in a channel's inbox.
func parseUntold(name string) (u Untold, ok bool) {
	base, ok := strings.CutSuffix(name, untoldExt)
	m := untoldName.FindStringSubmatch(base)
	if !ok || m == nil {
		return u, false
	}
	u.Receiver = m[3]
	for i, into := range map[int]*int{1: &u.Since, 2: &u.Generation, 4: &u.Tries} {
		*into, _ = strconv.Atoi(m[i]) // at most twelve digits; none are 0
	}
	return u, u.key("") == path.Join(inboxDir, name)
}

// PutUntold adds an entry to the outbox of a channel.
func PutUntold(ctx context.Context, drop bucket.Store, channel string, u Untold) error {
	body, err := json.Marshal(map[string]any{"channel": channel, "since": u.Since, "generation": u.Generation}) // for people
	if err != nil {
		return err
	}
	return drop.Create(ctx, bucket.Object{Key: u.key(channel), Body: bucket.Bytes(body), ContentType: typeJSON})
}

// Announce returns what notes, before head shows a generation of the channel, that all
// receivers are to be told of it. It is for BeforeHead of publisher.Channel.
func Announce(drop bucket.Store, channel string) func(ctx context.Context, shown, next int) error {
	return func(ctx context.Context, shown, next int) error {
		if err := PutUntold(ctx, drop, channel, Untold{Since: shown, Generation: next}); err != nil {
			return fmt.Errorf("noting that receivers are to be told of generation %d: %w", next, err)
		}
		return nil
	}
}

// RemoveUntold removes entries from the outbox of a channel, as many at a time as the limit
// says.
func RemoveUntold(ctx context.Context, drop bucket.Store, limit int, channel string, all []Untold) error {
	keys := make([]string, len(all))
	for i, u := range all {
		keys[i] = u.key(channel)
	}
	for _, err := range bucket.DeleteAll(ctx, drop, limit, keys) {
		if err != nil {
			return err
		}
	}
	return nil
}
