package shim

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/publisher"
)

// TestSlowReaders checks that clients which read slowly share the index, so that memory
// does not grow with their number.
func TestSlowReaders(t *testing.T) {
	const size, readers = 4 << 20, 25
	for _, request := range []struct{ path, coding string }{
		{"/api/team/charts", "identity"}, {"/api/team/charts/alpha", "identity"}, {"/team/index.yaml", "identity"}, {"/team/index.yaml", "gzip"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := build(t, nil)
			lines := []string{`{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"1"},"entries":{`, `"alpha":[`}
			for i := range size >> 10 {
				lines = append(lines, fmt.Sprintf(`{"name":"alpha","version":"1.0.%d","description":%q,"urls":["charts/alpha/1.0.%d/id/alpha-1.0.%d.tgz"]},`, i, strings.Repeat("x", 900), i, i))
			}
			lines[len(lines)-1] = strings.TrimSuffix(lines[len(lines)-1], ",")
			p.put(p.site, "team/index.yaml", strings.Join(append(lines, "]", "}}", ""), "\n"))
			server := testenv.Serve(t, p.Shim)
			begin := func() {
				c, err := server.DialContext(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { c.Close() })
				fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: shim\r\nAccept-Encoding: %s\r\n\r\n", request.path, request.coding)
				if _, err := io.ReadFull(c, make([]byte, 20)); err != nil {
					t.Fatal(err)
				}
			}
			begin() // reads the index
			before := held()
			for range readers {
				begin()
			}
			synctest.Wait()
			grown := held() - before
			t.Logf("%s, %s: %d bytes for each reader", request.path, request.coding, grown/readers)
			if grown > readers*(size/16) {
				t.Errorf("%s: %d readers of %d bytes hold %d bytes", request, readers, size, grown)
			}
		})
	}
}

// held returns how many bytes of memory are in use.
func held() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestZipping checks that files beyond those being compressed are sent as they are.
func TestZipping(t *testing.T) {
	p := stocked(t, nil)
	for _, want := range []string{"gzip", ""} {
		for want == "" && len(p.zipping) < maxZipping {
			p.zipping <- struct{}{}
		}
		got := p.get("/team/", "Accept-Encoding", "gzip")
		if coding := got.Header.Get("Content-Encoding"); got.StatusCode != http.StatusOK || coding != want || got.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%d compressed by %q, want %q: %v", got.StatusCode, coding, want, got.Header)
		}
	}
}

// TestRoom checks that indexes wait for room before they are read, and take none if
// they have not changed.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := build(t, nil)
		for _, channel := range []string{"one", "two"} {
			p.publish(channel, "alpha")
		}
		if _, err := p.views.get(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		if err := p.views.room.Acquire(t.Context(), maxReading); err != nil {
			t.Fatal("the index that was read still takes room")
		}
		p.Published()
		if _, err := p.views.get(t.Context(), "one"); err != nil {
			t.Errorf("an index that has not changed: %v", err)
		}
		read := make(chan error, 1)
		go func() {
			_, err := p.views.get(t.Context(), "two")
			read <- err
		}()
		time.Sleep(time.Second)
		select {
		case err := <-read:
			t.Errorf("an index was read although there was no room: %v", err)
		default:
		}
		p.views.room.Release(maxReading)
		if err := <-read; err != nil {
			t.Error(err)
		}
	})
}

// TestReadings checks which answers are cut off so that indexes which were replaced do
// not fill the memory.
func TestReadings(t *testing.T) {
	sized := func(size int64) *view {
		v := emptyView()
		v.head = &publisher.Head{Index: v.head.Index, Size: size}
		return v
	}
	cut := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	var rs readings
	small, large, huge := sized(maxRead/2), sized(maxRead/2+1), sized(2*maxRead)
	first, endFirst := rs.begin(small)
	second, endSecond := rs.begin(small)
	if cut(first) || cut(second) || rs.size != small.head.Size {
		t.Errorf("two answers from one view count %d bytes", rs.size)
	}
	third, endThird := rs.begin(large)
	if !cut(first) || !cut(second) || cut(third) {
		t.Error("want the two answers that began first to be cut off")
	}
	endFirst()
	endSecond()
	fourth, endFourth := rs.begin(huge)
	if !cut(third) || cut(fourth) {
		t.Error("the only answer from a view larger than the limit must go on")
	}
	endThird()
	endFourth()
	if rs.size != 0 || len(rs.count) != 0 || rs.under.Len() != 0 {
		t.Errorf("afterwards: %d bytes, %d views, %d answers", rs.size, len(rs.count), rs.under.Len())
	}
	a := &answer{ResponseWriter: httptest.NewRecorder(), cut: third}
	if _, err := a.Write([]byte("more")); !errors.Is(err, errCut) {
		t.Errorf("an answer that was cut off goes on: %v", err)
	}
}
