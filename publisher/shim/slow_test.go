package shim

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

// TestSlowEnds checks that no client can hold a connection by sending slowly without
// end, neither before the answer nor after it, when the server reads the rest of the
// request.
func TestSlowEnds(t *testing.T) {
	for _, test := range []struct {
		name, path, header, piece string
		status                    int
	}{
		{"length", "/api/charts", "Content-Length: 1000000", "x", http.StatusRequestTimeout},
		{"chunked", "/api/charts", "Transfer-Encoding: chunked", "1\r\nx\r\n", http.StatusRequestTimeout},
		{"form", "/api/charts", "Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=b", "1\r\nx\r\n", http.StatusRequestTimeout},
		{"refused", "/api/a--b/charts", "Content-Length: 1000000", strings.Repeat("x", 100), http.StatusBadRequest},
		{"refused, chunked", "/api/a--b/charts", "Transfer-Encoding: chunked", "a\r\n0123456789\r\n", http.StatusBadRequest},
		{"nowhere", "/nothing/here", "Transfer-Encoding: chunked", "1\r\nx\r\n", http.StatusMethodNotAllowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, err := testenv.Serve(t, build(t, nil).Shim).DialContext(t.Context(), "", "")
				if err != nil {
					t.Fatal(err)
				}
				sent := make(chan struct{})
				defer func() { c.Close(); <-sent }()
				c.SetReadDeadline(time.Now().Add(2 * defaultPatience))
				fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: shim\r\n%s\r\n\r\n", test.path, test.header)
				go func() { // until the connection is closed, here or there
					defer close(sent)
					for {
						time.Sleep(20 * time.Millisecond)
						if _, err := io.WriteString(c, test.piece); err != nil {
							return
						}
					}
				}()
				reader := bufio.NewReader(c)
				answer, err := http.ReadResponse(reader, nil)
				if err != nil {
					t.Fatalf("no answer: %v", err)
				}
				if answer.StatusCode != test.status {
					t.Errorf("answered %s, want %d", answer.Status, test.status)
				}
				if _, err := io.Copy(io.Discard, answer.Body); err != nil {
					t.Fatal(err)
				}
				if _, err := reader.ReadByte(); err != io.EOF {
					t.Errorf("the connection is still open long after the answer: %v", err)
				}
			})
		})
	}
}
