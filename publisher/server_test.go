package publisher_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest"
	"github.com/portolan-charts/portolan/publisher/storetest/servers"
)

func TestS3Conform(t *testing.T) { testServer(t, servers.S3(t), storetest.VersityGW...) }

func TestGCSConform(t *testing.T) { testServer(t, servers.GCS(t), storetest.FakeGCS...) }

func TestAzureConform(t *testing.T) { testServer(t, servers.Azure(t)) }

func testServer(t *testing.T, s *servers.Server, weak ...storetest.Weakness) {
	t.Parallel()
	for _, w := range weak {
		t.Logf("%s, %s: %s. For users: %s", w.Server, w.Test, w.Reason, w.Users)
	}
	storetest.Conform(t, func(t *testing.T) publisher.Store { return openStore(t, s.Bucket(t)) }, weak...)
}
