package buckettest

import (
	"errors"
	"sync"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
)

// Weakness is a promise of bucket.Store that a server does not keep, as found
// by one of Conform's tests.
type Weakness struct {
	Test   string // the name of the test
	Server string // with its version
	Reason string // how it can be told that it is the server's fault
	Users  string // what it means for those who keep a site or a drop area there

	run func(*testing.T, bucket.Store) // what is kept of the promise
}

// VersityGW are the weaknesses of versitygw over a folder (posix).
var VersityGW = []Weakness{
	{
		Test: "NeverTorn", Server: "versitygw v1.8.0 posix",
		Reason: "GetObject reads the ETag of the file that has the name, and then opens the name again: the bytes, whole, may be those of a later version",
		Users:  "nothing: what is written under such an ETag is refused, and then done again",
		run:    testNeverCut,
	},
	{
		Test: "DeleteRace", Server: "versitygw v1.8.0 posix",
		Reason: "DeleteObject compares the ETag and then removes the name, without the lock that PutObject takes: a version that is put in between goes too",
		Users:  "a file that is put into the inbox under a name of its owner's, over one that is being adopted, may be lost: use a new name for each upload",
		run:    testDeleteRaceLost,
	},
}

// FakeGCS are the weaknesses of fake-gcs-server. Google's own server has none of them.
var FakeGCS = []Weakness{
	{
		Test: "DeleteStale", Server: "fake-gcs-server v1.56.1",
		Reason: "deleteObject does not look at ifGenerationMatch",
		Users:  "nothing: Google Cloud Storage does",
		run:    testDeleteAnyway,
	},
	{
		Test: "DeleteRace", Server: "fake-gcs-server v1.56.1",
		Reason: "deleteObject does not look at ifGenerationMatch",
		Users:  "nothing: Google Cloud Storage does",
		run:    testDeleteRaceLost,
	},
}

// testNeverCut is testNeverTorn, whatever the tokens say.
func testNeverCut(t *testing.T, s bucket.Store) {
	replaceWhileRead(t, s, func(t *testing.T, b []byte, e bucket.Entry, _ *sync.Map) {
		checkTorn(t, b, e, &sync.Map{})
	})
}

// testDeleteAnyway: a conditional deletion of what is still there is done.
func testDeleteAnyway(t *testing.T, s bucket.Store) {
	must(t, s.Create(t.Context(), object("a", "one")))
	must(t, s.Delete(t.Context(), "a", entry(t, s, "a").Token))
	wantAbsent(t, s, "a")
}

// testDeleteRaceLost: of those who replace one version at most one wins, though
// what it wrote may be deleted then.
func testDeleteRaceLost(t *testing.T, s bucket.Store) {
	deleteRace(t, s, func(t *testing.T, _ bucket.Store, key string, errs []error) {
		replaced, done := 0, 0
		for i, err := range errs {
			switch {
			case err == nil:
				done++
				replaced += i % 2
			case !errors.Is(err, bucket.ErrConflict):
				// The rival's version is gone before it can be read back.
				wantErr(t, err, bucket.ErrNotFound, key)
			}
		}
		if replaced > 1 || done == 0 {
			t.Errorf("%s: %d replaced the same version, %d succeeded in all", key, replaced, done)
		}
	})
}
