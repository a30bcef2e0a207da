package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/portolan-charts/portolan/publisher"
)

// A channel's document has a line for each chart, so that those of charts that stay as they
// are can be copied, and all can be read by several workers.
const (
	beforeCharts = `"charts":[`
	afterCharts  = "]}\n"
)

// channelDoc writes the channel's document.
func (p *pass) channelDoc(ctx context.Context, all []ChartSummary) error {
	_, versions, _, _ := p.after.counts()
	b, err := encodeChannel(ChannelDoc{
		Schema: p.schema(0, "channel"), Channel: p.channel.Name, Repository: p.absolute(p.channel.Name), OCI: p.registry.url,
		Generation: p.head.Generation, Changed: p.head.Generated, Versions: versions,
	}, all)
	if err != nil {
		return fmt.Errorf("encoding %s: %v", path.Join(p.channel.Name, channelDoc), err)
	}
	return p.put(ctx, channelDoc, b)
}

// encodeChannel encodes a document with all charts.
func encodeChannel(doc ChannelDoc, all []ChartSummary) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	doc.Charts = []ChartSummary{}
	if err := e.Encode(doc); err != nil {
		return nil, err
	}
	b.Truncate(b.Len() - len(afterCharts))
	separator := "\n"
	for _, s := range all {
		b.WriteString(separator)
		separator = ",\n"
		if s.line != "" {
			b.WriteString(s.line)
			continue
		}
		if err := e.Encode(s); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - len("\n"))
	}
	if len(all) > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(afterCharts)
	return b.Bytes(), nil
}

// readCharts reads the charts from the channel's document. It returns nil if that is
// missing or damaged.
func (p *pass) readCharts(ctx context.Context) ([]ChartSummary, error) {
	key := path.Join(p.channel.Name, channelDoc)
	b, _, err := publisher.ReadFile(ctx, p.site, key, maxDoc)
	if err != nil || b == nil {
		return nil, err
	}
	charts, err := decodeCharts(b, p.Workers)
	if err != nil {
		p.problem("%s was damaged and is being rewritten: %v", key, err)
		return nil, nil
	}
	return charts, nil
}

// decodeCharts decodes the charts of a document.
func decodeCharts(b []byte, workers int) ([]ChartSummary, error) {
	_, text, found := strings.Cut(string(b), beforeCharts+"\n")
	text, whole := strings.CutSuffix(text, "\n"+afterCharts)
	if !found || !whole { // of an earlier portolan, or without charts
		var doc ChannelDoc
		err := json.Unmarshal(b, &doc)
		return doc.Charts, err
	}
	lines := strings.Split(text, ",\n")
	charts := make([]ChartSummary, len(lines))
	var group errgroup.Group
	for w := range workers {
		from, to := w*len(lines)/workers, (w+1)*len(lines)/workers
		group.Go(func() error {
			for i := from; i < to; i++ {
				if err := json.Unmarshal([]byte(lines[i]), &charts[i]); err != nil {
					return err
				}
				charts[i].line = lines[i]
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return charts, nil
}
