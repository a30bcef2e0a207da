package droparea_test

import (
	"os"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
)

// TestMain stops the servers that tests start.
func TestMain(m *testing.M) { os.Exit(servers.Main(m)) }
