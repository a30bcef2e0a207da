package publisher

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/publisher/verdict"
)

func sampleRecord() *Record {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &Record{
		Format: 3, Generation: 2, Parent: strings.Repeat("a", 64), Base: 1, Floor: 1, Nonce: "n", Time: at,
		Decisions: []Decision{{Upload: "u", Arrival: at, Chart: "alpha", Version: "1.0.0", Verdict: verdict.Accepted, Digest: strings.Repeat("b", 64), Size: 3}},
		Change: &Change{
			Header: "h", Added: []Line{{"alpha", 0, `{"description":"<&>"}`}}, Shown: []Shown{{Chart: "alpha", First: 3, Also: 7}, {Chart: "beta", First: 1}},
			SHA256: strings.Repeat("c", 64), Size: 9, Older: &Sum{strings.Repeat("d", 64), 8},
		},
	}
}

// whole makes the record one of a generation whose head has all versions.
func (r *Record) whole() { r.Change.Shown, r.Change.Older = nil, nil }

func (r *Record) encode() ([]byte, error) {
	var b bytes.Buffer
	err := r.write(&b)
	return b.Bytes(), err
}

// TestRecordWrite: what is written in pieces is what package json writes.
func TestRecordWrite(t *testing.T) {
	full, empty := sampleRecord(), sampleRecord()
	full.Decisions = append(full.Decisions, Decision{Upload: "\n \"decisions\": []", Rule: "<&>"}, Decision{})
	full.Change.Header = "\n  \"sha256\": "
	full.Change.Removed = []Line{{"a", 1, "x"}, {"\u2028", 0, ""}}
	empty.Decisions, empty.Change.Added = []Decision{}, nil
	none := &Record{Floor: 3}
	for _, r := range []*Record{sampleRecord(), registryRecord(), full, empty, none, {Change: &Change{}}} {
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
		got, err := r.encode()
		if err != nil || string(got) != want.String() {
			t.Errorf("%v: got %s; want %s", err, got, want.Bytes())
		}
		if sum, size, err := r.measure(); err != nil || size != int64(len(got)) || sum != hexSHA256(got) {
			t.Errorf("measured %s, %d, %v", sum, size, err)
		}
	}
	late := sampleRecord()
	late.Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := late.encode(); err == nil {
		t.Error("a time that JSON cannot tell is written")
	}
}

func TestRecordParseFormat(t *testing.T) {
	want := sampleRecord()
	b, err := want.encode()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `<&>`) {
		t.Errorf("the index line is not there as it is: %s", b)
	}
	got, err := parseRecord(b, 2)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestRecordRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Record){
		"newer portolan":               func(r *Record) { r.Format = newestFormat + 1 },
		"format 0":                     func(r *Record) { r.Format = 0 },
		"is generation 3":              func(r *Record) { r.Generation = 3 },
		"not an earlier generation":    func(r *Record) { r.Base = 2 },
		"format 2, not 1":              func(r *Record) { r.whole(); r.Floor, r.Format = 0, 2 },
		"format 1, not 2":              func(r *Record) { r.whole(); r.Format = 1 },
		"format 2, not 3":              func(r *Record) { r.Change.Shown, r.Format = nil, 2 },
		"format 1, not 3":              func(r *Record) { r.Change.Older, r.Format = nil, 1 },
		"floor 2 is not an earlier":    func(r *Record) { r.Floor = 2 },
		"floor -1 is not an earlier":   func(r *Record) { r.Floor = -1 },
		"does not fit generation":      func(r *Record) { r.Parent = "" },
		"no nonce":                     func(r *Record) { r.Nonce = "" },
		"no time":                      func(r *Record) { r.Time = time.Time{} },
		"before it arrived":            func(r *Record) { r.Decisions[0].Arrival = r.Time.Add(1) },
		"but the index stays as it is": func(r *Record) { r.Change, r.Format = nil, 2 },
		"decides nothing":              func(r *Record) { r.Change, r.Decisions, r.Floor, r.Format = nil, nil, 0, 1 },
	} {
		r := sampleRecord()
		spoil(r)
		b, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseRecord(b, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, text := range []string{"", "null", "[]", `{"format":1,"unknown":2}`, "{"} {
		if _, err := parseRecord([]byte(text), 2); err == nil {
			t.Errorf("%q was taken for a record", text)
		}
	}
}

// FuzzRecord: no bytes make the reader fail in any other way than by an error,
// and what is read is written so that it reads the same.
func FuzzRecord(f *testing.F) {
	b, err := sampleRecord().encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b, 2)
		if err != nil {
			return
		}
		first, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseRecord(first, 2)
		if err != nil {
			t.Fatalf("%q: %v", first, err)
		}
		if second, err := again.encode(); err != nil || string(second) != string(first) {
			t.Errorf("%q, then %q (%v)", first, second, err)
		}
	})
}
