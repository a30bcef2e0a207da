package publisher_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
)

// TestReadOrigin: each index of a channel says where the channel's other files are, and a
// name that leads elsewhere says nothing.
func TestReadOrigin(t *testing.T) {
	const nonce = "0198c6d2-0000-7000-8000-000000000000"
	state := "00000007-" + nonce + ".state.json"
	for name, tt := range map[string]struct {
		annotations string
		want        publisher.Origin
		err         error
	}{
		"head":            {``, publisher.Origin{}, nil},
		"with a state":    {`,"portolan/state":"` + state + `"`, publisher.Origin{State: "log/" + state}, nil},
		"with older ones": {`,"portolan/older":"anywhere"`, publisher.Origin{Older: "snapshots/00000007/older"}, nil},
		"root": {`,"portolan/channel":"a/b","portolan/older":"x","portolan/state":"` + state + `"`,
			publisher.Origin{State: "a/b/log/" + state, Older: "a/b/snapshots/00000007/older"}, nil},
		"all":           {`,"portolan/versions":"all"`, publisher.Origin{Head: "../index.yaml"}, nil},
		"chart":         {`,"portolan/chart":"web"`, publisher.Origin{}, nil},
		"odd state":     {`,"portolan/state":"../../` + state + `"`, publisher.Origin{}, nil},
		"odd channel":   {`,"portolan/channel":"../b"`, publisher.Origin{}, publisher.ErrNotOurs},
		"no generation": {`,"portolan/generation":"0"`, publisher.Origin{}, publisher.ErrNotOurs},
	} {
		head := `{"apiVersion":"v1","generated":"2026-03-01T12:00:00Z","annotations":{"portolan/generation":"7"` + tt.annotations + `},"entries":{`
		got, err := publisher.ReadOrigin(strings.NewReader(head + "\n\"web\":[\n"))
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %+v, %v; want %+v, %v", name, got, err, tt.want, tt.err)
		}
	}
	for _, foreign := range []string{"", "apiVersion: v1\nentries: {}\n", `{"apiVersion":"v1","entries":{}}`, strings.Repeat("{", 1<<20)} {
		if got, err := publisher.ReadOrigin(strings.NewReader(foreign)); !errors.Is(err, publisher.ErrNotOurs) {
			t.Errorf("%.40q: got %+v, %v", foreign, got, err)
		}
	}
}
