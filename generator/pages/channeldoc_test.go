package pages

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func docOf(charts int) (ChannelDoc, []ChartSummary) {
	var all []ChartSummary
	for i := range charts {
		all = append(all, ChartSummary{Name: fmt.Sprintf("chart-%d", i), Description: "a <b> & c,\n", Versions: i, Keywords: []string{"],", `"charts":[`}})
	}
	return ChannelDoc{Schema: "channel.schema.json", Channel: `a"charts":[`, Versions: 3}, all
}

// TestChannelDocLines: a document has a line for each chart, is JSON, and is read as it
// was written.
func TestChannelDocLines(t *testing.T) {
	for charts := range 5 {
		doc, all := docOf(charts)
		b, err := encodeChannel(doc, all)
		if err != nil {
			t.Fatal(err)
		}
		var got ChannelDoc
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%v in\n%s", err, b)
		}
		doc.Charts = append([]ChartSummary{}, all...)
		if !reflect.DeepEqual(got, doc) {
			t.Errorf("got\n%+v\nwant\n%+v", got, doc)
		}
		read, err := decodeCharts(b, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range read {
			if s.line == "" || !strings.Contains(string(b), "\n"+s.line) {
				t.Errorf("the line of %s is %q", s.Name, s.line)
			}
			read[i].line = ""
		}
		if len(read) != charts || charts > 0 && !reflect.DeepEqual(read, all) {
			t.Errorf("got\n%+v\nwant\n%+v", read, all)
		}
	}
}

// TestChannelDocCopied: the lines of charts that stay as they are come from the document.
func TestChannelDocCopied(t *testing.T) {
	doc, all := docOf(3)
	before, err := encodeChannel(doc, all)
	if err != nil {
		t.Fatal(err)
	}
	read, err := decodeCharts(before, 1)
	if err != nil {
		t.Fatal(err)
	}
	after, err := encodeChannel(doc, read)
	if err != nil || string(after) != string(before) {
		t.Errorf("got %v\n%s\nwant\n%s", err, after, before)
	}
	read[1] = ChartSummary{Name: "other"}
	if after, err = encodeChannel(doc, read); err != nil || strings.Count(string(after), `"name":"other"`) != 1 || strings.Contains(string(after), "chart-1") {
		t.Errorf("got %v\n%s", err, after)
	}
}

// TestChannelDocIndented: documents of earlier portolans are read, and damaged ones are not.
func TestChannelDocIndented(t *testing.T) {
	doc, all := docOf(3)
	doc.Charts = all
	b, err := encodeDoc(doc)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeCharts(b, 2); err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("got %v\n%+v\nwant\n%+v", err, got, all)
	}
	if b, err = encodeChannel(doc, all); err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"cut": string(b[:len(b)/2]), "a line": strings.Replace(string(b), `{"name":"chart-1"`, `{"name":chart-1`, 1), "empty": "",
	} {
		if got, err := decodeCharts([]byte(damaged), 2); err == nil {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestSize: the length of a text as JSON is that of the JSON.
func TestSize(t *testing.T) {
	for _, s := range []string{"", "plain text (1.0)", `"`, `\`, "<", ">", "&", "\n", "\x7f", "ä", "\u2028", "\xff", "~!'"} {
		if b, err := json.Marshal(s); err != nil || size(s) != len(b) {
			t.Errorf("%q: got %d, want %d", s, size(s), len(b))
		}
	}
}
