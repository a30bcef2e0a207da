package bucket_test

import (
	"os"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestMain turns the test binary into one of the processes that tests start.
func TestMain(m *testing.M) {
	if dir := os.Getenv(racerEnv); dir != "" {
		os.Exit(racerMain(dir))
	}
	os.Exit(servers.Main(m))
}

func openStore(t *testing.T, url string) bucket.Store {
	t.Helper()
	s, err := bucket.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
