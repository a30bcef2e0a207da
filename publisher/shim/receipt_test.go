package shim

import (
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

const (
	uploadID  = "0198f6fe-7e42-78fe-8000-c2c5000fb418"
	anotherID = "0198f6fe-7e42-78fe-8000-c2c5000fb419"
)

// TestReceipt follows an upload, and an action, until they are decided, and what prune leaves.
func TestReceipt(t *testing.T) {
	for _, ext := range []string{".tgz", ".action.json"} {
		p := open(t, nil)
		inbox := "inbox/team/" + uploadID + ext
		p.put(p.drop, inbox, "")
		waits := p.get("/api/team/uploads/" + uploadID)
		if waits.StatusCode != http.StatusAccepted || waits.Header.Get("Retry-After") == "" || !strings.Contains(waits.body, `"verdict":"waiting","message":"there is no verdict yet"`) {
			t.Errorf("undecided: %d %s", waits.StatusCode, waits.body)
		}
		decided := make(chan reply)
		go func() { decided <- p.get("/api/team/uploads/" + strings.ToUpper(uploadID) + "?wait=30s") }()
		p.until(1)
		receipt := droparea.Receipt{ID: uploadID, Channel: "team", Verdict: verdict.Accepted, Chart: "alpha", Version: "1.0.0"}
		p.put(p.drop, "receipts/"+uploadID+".json", encode(t, receipt))
		p.remove(inbox)
		for _, got := range []reply{<-decided, p.get("/api/team/uploads/" + uploadID)} {
			if got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"verdict":"accepted"`) {
				t.Errorf("decided: %d %s", got.StatusCode, got.body)
			}
		}
		p.remove("receipts/" + uploadID + ".json")
		failed(t, p.get("/api/team/uploads/"+uploadID+"?wait=30s"), http.StatusNotFound, "upload-unknown")
		p.put(p.drop, inbox, "")
		go func() { decided <- p.get("/api/team/uploads/" + uploadID + "?wait=30s") }()
		p.End()
		if got := <-decided; got.StatusCode != http.StatusAccepted {
			t.Errorf("when the shim ends: %d", got.StatusCode)
		}
	}
}

// TestReceiptUnknown asks for what never came. The answer comes at once, says what may be
// so, and is the same for an id that another channel has.
func TestReceiptUnknown(t *testing.T) {
	p := open(t, func(o *Options) { o.OCI = func(string) bool { return true } })
	p.put(p.drop, "receipts/"+uploadID+".json", encode(t, droparea.Receipt{ID: uploadID, Channel: "other"}))
	p.put(p.drop, "inbox/other/"+anotherID+".tgz", "")
	reads := 0
	p.drop.Hook = func(buckettest.Op) buckettest.Fault {
		reads++
		return buckettest.None
	}
	var said []string
	for _, id := range []string{uploadID, anotherID, "0198f6fe-7e42-78fe-8000-c2c5000fb410"} {
		got := p.get("/api/team/uploads/" + id + "?wait=60s")
		failed(t, got, http.StatusNotFound, "upload-unknown")
		if reads > 8 { // the inbox and receipts once, and receipts again
			t.Errorf("%s: it took %d reads to say that there is nothing", id, reads)
		}
		reads = 0
		text, _, _ := strings.Cut(strings.ReplaceAll(got.body, id, "ID"), `,"requestID"`)
		said = append(said, text)
	}
	for _, want := range []string{"channel team has no upload or action ID: it never came", "'portolan prune' has removed its receipt", "compare the id and the channel"} {
		if !strings.Contains(said[0], want) || said[0] != said[1] || said[0] != said[2] {
			t.Errorf("%q, want that all say %q", said, want)
		}
	}
	p.drop.Hook = nil
	begun := p.send(http.MethodPost, "team/web/blobs/uploads/", "").Header.Get("Location")
	failed(t, p.get("/api/team/uploads/"+path.Base(begun)), http.StatusBadRequest, "upload-id") // of a push: a tag makes an upload of it
	failed(t, p.get("/api/team/uploads/..x"), http.StatusBadRequest, "upload-id")
	failed(t, p.get("/api/team/uploads/"+uploadID+"?wait=soon"), http.StatusBadRequest, "wait")
}

// TestReceiptReads counts what one who waits costs: the inbox is looked into once, however
// often the receipt is looked for.
func TestReceiptReads(t *testing.T) {
	p := open(t, nil)
	for _, ext := range []string{".json", ".tgz"} {
		p.put(p.drop, "inbox/team/"+uploadID+ext, "")
	}
	receipt := encode(t, droparea.Receipt{ID: uploadID, Channel: "team", Verdict: verdict.Accepted})
	reads := map[string]int{}
	p.drop.Hook = func(op buckettest.Op) buckettest.Fault {
		if op.Kind != buckettest.Get {
			return buckettest.None
		}
		reads[strings.Split(op.Key, "/")[0]]++
		if reads["receipts"] == 3 {
			p.put(p.drop, "receipts/"+uploadID+".json", receipt)
		}
		return buckettest.None
	}
	if got := p.get("/api/team/uploads/" + uploadID + "?wait=30s"); got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	if reads["receipts"] != 3 || reads["inbox"] != 1 {
		t.Errorf("%v", reads)
	}
}

// until waits until that many requests wait for a receipt.
func (p *port) until(waiting int) {
	p.t.Helper()
	for deadline := testenv.Deadline(p.t); p.waiting.inUse() != waiting; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("%d requests wait, want %d", p.waiting.inUse(), waiting)
		}
	}
}

// remove removes an object from the drop area.
func (p *port) remove(key string) {
	p.t.Helper()
	if err := p.drop.Handle("somebody").Delete(p.t.Context(), key, ""); err != nil {
		p.t.Fatal(err)
	}
}
