package publisher

import (
	"context"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// restoreState writes the file of the newest state. Those of older ones are not needed.
func (b *rebuilder) restoreState(ctx context.Context) error {
	if b.newest.State == nil {
		return nil
	}
	text, err := b.state.Bytes()
	if err != nil {
		return err
	}
	o := stateObject(b.Name, b.newest.State, text)
	written, err := bucket.Restore(ctx, b.site, o, false)
	if written {
		b.report.Written = append(b.report.Written, o.Key)
	}
	return err
}
