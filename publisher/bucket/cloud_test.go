package bucket

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

var (
	errTaken   = errors.New("412")
	errMissing = errors.New("404")
	errBusy    = errors.New("409")
	errLost    = errors.New("connection reset")
	errNotYou  = errors.New("403")
)

// fakeDriver is a bucket with one object, whose answers a test chooses.
type fakeDriver struct {
	driver.Bucket
	exists bool
	data   []byte
	token  string

	answers []error // to writes, in turn; nil lets one happen and says so
	effects []bool  // whether the same writes take effect
	reading error   // the answer to reads
	writes  int

	removing error // the answer to removals, if there are no answers to writes
}

func (d *fakeDriver) Close() error                  { return nil }
func (d *fakeDriver) ErrorAs(err error, i any) bool { return errors.As(err, i) }
func (d *fakeDriver) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errTaken):
		return gcerrors.FailedPrecondition
	case errors.Is(err, errMissing), errors.Is(err, errNotYou):
		return gcerrors.NotFound
	}
	return gcerrors.Unknown
}

func (d *fakeDriver) NewRangeReader(context.Context, string, int64, int64, *driver.ReaderOptions) (driver.Reader, error) {
	if d.reading != nil {
		return nil, d.reading
	}
	if !d.exists {
		return nil, errMissing
	}
	return &fakeReader{bytes.NewReader(d.data), d.token}, nil
}

func (d *fakeDriver) NewTypedWriter(ctx context.Context, _, _ string, _ *driver.WriterOptions) (driver.Writer, error) {
	return &fakeWriter{d: d, ctx: ctx}, nil
}

func (d *fakeDriver) Delete(context.Context, string, *driver.DeleteOptions) error {
	if d.answers == nil {
		return d.removing
	}
	return d.answer(nil)
}

// answer is the result of the next write.
func (d *fakeDriver) answer(data []byte) error {
	n := d.writes
	d.writes++
	if d.effects[n] {
		d.exists, d.data, d.token = data != nil, data, d.token+"'"
	}
	return d.answers[n]
}

type fakeReader struct {
	*bytes.Reader
	token string
}

func (r *fakeReader) Close() error { return nil }
func (r *fakeReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: int64(r.Len()), ModTime: time.Unix(1, 0)}
}
func (r *fakeReader) As(i any) bool {
	*i.(*string) = r.token
	return true
}

type fakeWriter struct {
	bytes.Buffer
	d   *fakeDriver
	ctx context.Context
}

func (w *fakeWriter) Close() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.d.answer(append([]byte{}, w.Bytes()...))
}

func fakeStore(d *fakeDriver) *cloudStore {
	return &cloudStore{bucket: blob.NewBucket(d), provider: provider{
		readToken: func(r *blob.Reader) (token string) {
			r.As(&token)
			return token
		},
		ifReplacing: func(string, func(any) bool) error { return nil },
		ifDeleting:  func(string, func(any) bool) error { return nil },
		status: func(err error) int {
			for answer, status := range map[error]int{errTaken: 412, errMissing: 404, errBusy: 409, errNotYou: 403} {
				if errors.Is(err, answer) {
					return status
				}
			}
			return 0
		},
		noBucket: func(error) bool { return false },
	}, patience: patience{stallTime, tryTime, firstWait}}
}

// testBucket is a subtest in which waiting takes no time.
func testCloud(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// TestCloudAnswers lists what a bucket may say to a write of "mine", what is
// found there then, and what the caller is to be told.
func TestCloudAnswers(t *testing.T) {
	for _, test := range []struct {
		name    string
		there   string // what is there before; "-" for nothing
		token   string // of what is there; "" is the one to be replaced
		answers []error
		effects []bool
		reading error
		create  error // nil is success
		replace error
		text    string // in the error
	}{
		{name: "plain", there: "-", answers: []error{nil}, effects: []bool{true}},
		{name: "lost answer", there: "-", answers: []error{errLost}, effects: []bool{true}},
		{name: "lost answer, SDK tried again", there: "-", answers: []error{errTaken}, effects: []bool{true}},
		{name: "refused", there: "-", answers: []error{errLost}, effects: []bool{false}, create: errLost, replace: errLost},
		{name: "taken", token: "v2", there: "theirs", answers: []error{errTaken}, effects: []bool{false}, create: ErrConflict, replace: ErrConflict},
		{name: "taken by the same", there: "mine", answers: []error{errTaken}, effects: []bool{false}},
		{name: "refused, old one still there", there: "theirs", answers: []error{errLost}, effects: []bool{false}, create: ErrConflict, replace: errLost},
		{name: "taken, invisible", there: "-", answers: []error{errTaken, errTaken, errTaken}, effects: []bool{false, false, false}, create: errUnreadable, replace: ErrConflict, text: "permission to read"},
		{name: "taken, then removed", there: "-", answers: []error{errTaken, errTaken, nil}, effects: []bool{false, false, true}, replace: ErrConflict},
		{name: "gone", there: "-", answers: []error{errMissing}, effects: []bool{false}, create: errMissing, replace: ErrConflict},
		{name: "taken, unreadable", token: "v2", there: "theirs", answers: []error{errTaken}, effects: []bool{false}, reading: errNotYou, create: errTaken, replace: errTaken, text: "permission denied"},
		{name: "refused without a reason", there: "theirs", answers: []error{errTaken, errTaken, nil}, effects: []bool{false, false, true}, create: ErrConflict},
		{name: "busy, then done", there: "-", answers: []error{errBusy, errBusy, nil}, effects: []bool{false, false, true}},
		{name: "busy, then taken", there: "-", answers: []error{errBusy, errTaken}, effects: []bool{false, true}},
	} {
		testCloud(t, test.name, func(t *testing.T) {
			o := Object{Key: "k", Body: Bytes([]byte("mine"))}
			for name, write := range map[string]func(*cloudStore) error{
				"Create":  func(s *cloudStore) error { return s.Create(t.Context(), o) },
				"Replace": func(s *cloudStore) error { return s.Replace(t.Context(), o, "v1") },
			} {
				d := &fakeDriver{answers: test.answers, effects: test.effects, reading: test.reading, token: cmp.Or(test.token, "v1")}
				if test.there != "-" {
					d.exists, d.data = true, []byte(test.there)
				}
				want := test.create
				if name == "Replace" {
					want = test.replace
				}
				err := write(fakeStore(d))
				if !errors.Is(err, want) || err != nil && !strings.HasPrefix(err.Error(), "k: ") {
					t.Errorf("%s: got error %v, want %v", name, err, want)
				}
				if want != nil && want != ErrConflict && !strings.Contains(err.Error(), test.text) {
					t.Errorf("%s: got error %v, want one with %q", name, err, test.text)
				}
				if d.writes != len(test.answers) && !errors.Is(err, ErrConflict) {
					t.Errorf("%s: %d writes, want %d", name, d.writes, len(test.answers))
				}
			}
		})
	}
}

func TestCloudGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const enough = 1000 // repetitions would take hours, were there no end
		d := &fakeDriver{answers: slices.Repeat([]error{errBusy}, enough), effects: make([]bool, enough)}
		start := time.Now()
		err := fakeStore(d).Create(t.Context(), Object{Key: "k", Body: Bytes(nil)})
		if took := time.Since(start); !errors.Is(err, errBusy) || took > tryTime || took < tryTime/2 {
			t.Errorf("got %v after %s, want %v after a little less than %s", err, took, errBusy, tryTime)
		}
	})
}

func TestCloudBodyFails(t *testing.T) {
	d := &fakeDriver{answers: []error{nil}, effects: []bool{true}}
	err := fakeStore(d).Create(t.Context(), Object{Key: "k", Body: func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return io.ErrNoProgress
	}})
	if !errors.Is(err, io.ErrNoProgress) || d.exists {
		t.Errorf("got %v, and the object exists: %v", err, d.exists)
	}
}

func TestCloudDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := fakeStore(&fakeDriver{reading: errNotYou, answers: []error{errNotYou}, effects: []bool{false}})
		if _, err := s.Get(t.Context(), "k"); !errors.Is(err, errDenied) || errors.Is(err, ErrNotFound) {
			t.Errorf("Get: got %v, want %v", err, errDenied)
		}
		if err := s.Delete(t.Context(), "k", ""); !errors.Is(err, errDenied) {
			t.Errorf("Delete: got %v, want %v", err, errDenied)
		}
	})
}

func TestCloudDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, test := range []struct {
			answers []error
			there   string // the token of what is there; "" for nothing
			want    error
		}{
			{[]error{nil}, "v1", nil},
			{[]error{errMissing}, "", nil},
			{[]error{errTaken}, "v2", ErrConflict},
			{[]error{errTaken}, "", nil},        // removed before, and the answer lost
			{[]error{errTaken, nil}, "v1", nil}, // refused without a reason
			{[]error{errLost}, "v1", errLost},
			{[]error{errBusy, nil}, "v1", nil},
		} {
			d := &fakeDriver{answers: test.answers, effects: make([]bool, len(test.answers)), exists: test.there != "", token: test.there}
			if err := fakeStore(d).Delete(t.Context(), "k", "v1"); !errors.Is(err, test.want) {
				t.Errorf("%v: got %v, want %v", test.answers, err, test.want)
			}
		}
	})
}
