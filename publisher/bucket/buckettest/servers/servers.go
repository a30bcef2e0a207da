// Package servers runs servers of the object stores that users keep their sites
// in, for tests: versitygw for s3://, fake-gcs-server for gs://, azurite for
// azblob://. ci/tools/install installs them.
//
// Each is started once per test process, on a free port of the loopback
// interface, by the first test that asks for it; TestMain calls [Main], which
// stops them. Tests share a server and never a bucket. All requests go through
// a proxy in the test process, which can count them and make them fail: see
// [Server.Inject].
package servers

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
)

const (
	startTick = 20 * time.Millisecond
	starts    = 3 // another process may take the port that was free
)

// Server is a running server.
type Server struct {
	Scheme string // of bucket URLs: s3, gs or azblob

	kind
	dir   string // the server's own; removed at the end
	proxy proxy
	front *http.Server
	addr  string // of the proxy
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended
}

// kind is what differs from one server to the next.
type kind struct {
	program string
	args    func(port, front, dir string) []string
	env     []string                    // for the server
	client  func(front string) []string // environment of its clients
	query   func(front string) url.Values
	create  func(bucketURL, bucket string) error // makes a bucket whose objects everybody can read
	object  func(front, bucket, key string) string
	failure func(w http.ResponseWriter, f Fault)
}

// running are the servers of this process.
var running struct {
	sync.Mutex
	servers map[string]*Server
}

// S3 returns a server of Amazon's protocol.
func S3(t testing.TB) *Server { return get(t, "s3", s3Kind) }

// GCS returns a server of Google Cloud Storage's protocol.
func GCS(t testing.TB) *Server { return get(t, "gs", gcsKind) }

// Azure returns a server of Azure Blob Storage's protocol.
func Azure(t testing.TB) *Server { return get(t, "azblob", azureKind) }

// Main runs the tests and then stops the servers that they have started. It is
// for TestMain, and returns the exit code.
func Main(m *testing.M) int {
	defer func() {
		running.Lock()
		defer running.Unlock()
		for _, s := range running.servers {
			s.stop()
		}
	}()
	return m.Run()
}

// Bucket makes an empty bucket and returns its URL, for bucket.Open. Everybody
// may read its objects, see [Server.Object].
func (s *Server) Bucket(t testing.TB) string {
	t.Helper()
	name := bucketPrefix + hex.EncodeToString(random(8))
	u := url.URL{Scheme: s.Scheme, Host: name, RawQuery: s.query(s.addr).Encode()}
	if err := s.create(u.String(), name); err != nil {
		t.Fatalf("making the bucket %s: %v", u.String(), err)
	}
	return u.String()
}

// Folder is the URL of a folder in a bucket.
func Folder(bucketURL, folder string) string {
	u, err := url.Parse(bucketURL)
	if err != nil {
		panic(err) // Bucket made it
	}
	q := u.Query()
	q.Set("prefix", folder+"/")
	u.RawQuery = q.Encode()
	return u.String()
}

// Object is the address at which everybody can read an object with plain HTTP.
// The key is put into it as it is.
func (s *Server) Object(bucketURL, key string) string {
	return s.object("http://"+s.addr, bucketName(bucketURL), key)
}

func bucketName(bucketURL string) string {
	u, err := url.Parse(bucketURL)
	if err != nil {
		panic(err) // Bucket made it
	}
	return u.Host
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// get returns the process's server of this scheme, and starts it if it does not run.
func get(t testing.TB, scheme string, k kind) *Server {
	t.Helper()
	running.Lock()
	defer running.Unlock()
	if s := running.servers[scheme]; s != nil {
		return s
	}
	program := testenv.Tool(t, k.program)
	s, err := start(t, scheme, k, program)
	if err != nil {
		t.Fatalf("starting %s: %v", k.program, err)
	}
	if running.servers == nil {
		running.servers = map[string]*Server{}
	}
	running.servers[scheme] = s
	return s
}

func start(t testing.TB, scheme string, k kind, program string) (*Server, error) {
	dir, err := os.MkdirTemp("", "portolan-"+k.program)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Scheme: scheme, kind: k, dir: dir, addr: l.Addr().String()}
	for _, v := range k.client(s.addr) {
		name, value, _ := strings.Cut(v, "=")
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	for try := 1; ; try++ {
		err := s.run(t, program)
		if err == nil {
			break
		}
		s.end()
		if try == starts {
			return nil, errors.Join(err, l.Close(), os.RemoveAll(dir))
		}
	}
	s.front = &http.Server{Handler: &s.proxy, ReadHeaderTimeout: time.Hour}
	go func() { _ = s.front.Serve(l) }() // until stop
	return s, nil
}

// run starts the process and waits until it answers.
func (s *Server) run(t testing.TB, program string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	s.cmd = exec.Command(program, s.args(port, s.addr, s.dir)...)
	s.cmd.Dir = s.dir
	s.cmd.Env = append(os.Environ(), s.kind.env...)
	s.cmd.SysProcAttr = dieWithParent()
	output := &tail{}
	s.cmd.Stdout, s.cmd.Stderr = output, output
	s.done = make(chan struct{})
	started := make(chan error)
	go func() {
		// A process that dies with its parent dies with the thread that started it.
		runtime.LockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
		}
		close(s.done)
	}()
	if err := <-started; err != nil {
		return err
	}
	base := &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
	s.proxy = proxy{failure: s.failure, forward: &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			r.Out.Host = r.In.Host // it is signed
		},
		Transport:    &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}}
	if err := s.await(t, base.String()); err != nil {
		return fmt.Errorf("%w; it said:\n%s", err, output)
	}
	return nil
}

func (s *Server) await(t testing.TB, base string) error {
	late := testenv.Late(t)
	tick := time.NewTicker(startTick)
	defer tick.Stop()
	for {
		if r, err := http.Get(base); err == nil {
			return r.Body.Close()
		}
		select {
		case <-s.done:
			return errors.New("it ended at once")
		case <-late:
			return errors.New("no answer")
		case <-tick.C:
		}
	}
}

// end ends the process.
func (s *Server) end() {
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

func (s *Server) stop() {
	_ = s.front.Close()
	s.end()
	_ = os.RemoveAll(s.dir)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// tail keeps the last of what a server says.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	t.b = t.b[max(0, len(t.b)-tailSize):]
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.b)
}
