package generator_test

import (
	"os"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestMain stops the servers that tests have started.
func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }
