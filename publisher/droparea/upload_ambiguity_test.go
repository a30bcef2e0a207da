package droparea_test

import (
	"bytes"
	"testing"

	"github.com/portolan-charts/portolan/publisher/bucket"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest"
	"github.com/portolan-charts/portolan/publisher/bucket/buckettest/servers"
	"github.com/portolan-charts/portolan/publisher/droparea"
)

// An upload itself is made through faults: what was acknowledged is there, and
// what was not can be sent again.
func TestS3SubmitAmbiguity(t *testing.T) { testSubmitAmbiguity(t, servers.S3(t)) }

func TestGCSSubmitAmbiguity(t *testing.T) { testSubmitAmbiguity(t, servers.GCS(t)) }

func TestAzureSubmitAmbiguity(t *testing.T) { testSubmitAmbiguity(t, servers.Azure(t)) }

func testSubmitAmbiguity(t *testing.T, s *servers.Server) {
	t.Parallel()
	const requests = 3 // provenance, request, chart
	chart, prov := []byte("chart"), []byte("signed")
	for k := range requests {
		for _, f := range servers.FaultsOf(k) {
			bucketURL, tries := s.Bucket(t), 0
			submit := func() error {
				drop := buckettest.Open(t, bucketURL)
				if tries++; tries == 1 {
					servers.Await(drop, f)
				} else {
					servers.Await(drop, servers.None)
				}
				return droparea.Submit(t.Context(), drop, "stable", id1, droparea.Submission{
					Chart: bucket.Bytes(chart), Prov: bucket.Bytes(prov),
				})
			}
			fault := servers.At(k, f)
			s.Inject(bucketURL, func(r servers.Request) servers.Fault {
				if f == servers.Outage && tries > 1 {
					return servers.None
				}
				return fault(r)
			})
			err := submit()
			if err != nil {
				err = submit()
			}
			if err != nil {
				t.Errorf("request %d, fault %v: %v", k, f, err)
			}
			key := "inbox/stable/" + id1
			drop := buckettest.Open(t, bucketURL)
			servers.Await(drop, servers.None)
			for name, want := range map[string][]byte{key + ".tgz": chart, key + ".tgz.prov": prov} {
				if got, _, err := bucket.ReadAll(t.Context(), drop, name, 1<<20); err != nil || !bytes.Equal(got, want) {
					t.Errorf("request %d, fault %v: %s: %v, %d bytes", k, f, name, err, len(got))
				}
			}
		}
	}
}
