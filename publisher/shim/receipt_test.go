package shim

import (
	"net/http"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
)

// TestReceipt checks the answers to requests for receipts.
func TestReceipt(t *testing.T) {
	p := open(t, nil)
	const id = "0198f6fe-7e42-78fe-8000-c2c5000fb418"
	receipt := publisher.Receipt{ID: id, Channel: "team", Verdict: publisher.Accepted, Chart: "alpha", Version: "1.0.0"}
	if got := p.get("/api/team/uploads/" + id); got.StatusCode != http.StatusAccepted || got.Header.Get("Retry-After") == "" || !strings.Contains(got.body, `"verdict":"waiting"`) {
		t.Errorf("undecided: %d %s", got.StatusCode, got.body)
	}
	waiting := make(chan reply)
	go func() { waiting <- p.get("/api/team/uploads/" + strings.ToUpper(id) + "?wait=30s") }()
	p.put(p.drop, "receipts/"+id+".json", encode(t, receipt))
	if got := <-waiting; got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"verdict":"accepted"`) {
		t.Errorf("decided while waiting: %d %s", got.StatusCode, got.body)
	}
	looks := 0
	p.drop.Hook = func(buckettest.Op) buckettest.Fault { looks++; return buckettest.None }
	if got := p.get("/api/other/uploads/" + id + "?wait=30s"); got.StatusCode != http.StatusAccepted || looks != 1 {
		t.Errorf("another channel's: %d after %d looks, want one", got.StatusCode, looks)
	}
	failed(t, p.get("/api/team/uploads/..x"), http.StatusBadRequest, "upload-id")
	failed(t, p.get("/api/team/uploads/"+id+"?wait=soon"), http.StatusBadRequest, "wait")
	go func() { waiting <- p.get("/api/team/uploads/0198f6fe-7e42-78fe-8000-c2c5000fb419?wait=30s") }()
	p.End()
	if got := <-waiting; got.StatusCode != http.StatusAccepted {
		t.Errorf("when the shim ends: %d", got.StatusCode)
	}
}
