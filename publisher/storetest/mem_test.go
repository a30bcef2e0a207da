package storetest_test

import (
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/storetest"
)

func TestMemConform(t *testing.T) {
	storetest.Conform(t, func(t *testing.T) publisher.Store {
		return (&storetest.Mem{TB: t}).Handle("test")
	})
}
