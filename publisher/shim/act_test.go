package shim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/publisher"
	"github.com/portolan-charts/portolan/publisher/action"
	"github.com/portolan-charts/portolan/publisher/droparea"
	"github.com/portolan-charts/portolan/publisher/shim/auth"
	"github.com/portolan-charts/portolan/publisher/verdict"
)

var someDigest = strings.Repeat("0a", 32)

// pins is the JSON of versions 1.0.0 of some charts.
func pins(charts ...string) string {
	var all []string
	for _, chart := range charts {
		all = append(all, fmt.Sprintf(`{"chart":%q,"version":"1.0.0","digest":%q}`, chart, someDigest))
	}
	return `"versions":[` + strings.Join(all, ",") + `]`
}

// requests are one of each kind, as clients send them.
var requests = map[action.Kind]string{
	action.Yank:        `{"kind":"yank",` + pins("alpha", "beta") + `,"reason":"it does not start"}`,
	action.Restore:     `{"kind":"restore",` + pins("alpha") + `}`,
	action.Deprecate:   `{"kind":"deprecate","chart":"alpha","reason":"use beta","successor":"beta"}`,
	action.Undeprecate: `{"kind":"undeprecate","chart":"alpha"}`,
	action.Promote:     `{"kind":"promote",` + pins("alpha") + `,"from":"dev"}`,
	action.Rollback:    `{"kind":"rollback","generation":41}`,
}

// TestActions asks for one action of each kind, and compares what is in the inbox, who is
// told, and the answer.
func TestActions(t *testing.T) {
	var told []string
	p := open(t, func(o *Options) { o.Uploaded = func(channel string) { told = append(told, channel) } })
	for _, kind := range action.Asked {
		got := p.post("/api/v4/projects/g%2Fp/packages/helm/api/devel/actions", requests[kind], "X-Request-Id", "req-1", "User-Agent", "tester")
		var a asked
		if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.StatusCode != http.StatusAccepted {
			t.Fatalf("%s: %d %s, %v", kind, got.StatusCode, got.body, err)
		}
		want := asked{Message: "202 Accepted", ID: a.ID, Channel: "g/p/devel", Kind: kind, Receipt: p.url + "/api/v4/projects/g%2Fp/packages/helm/api/devel/uploads/" + a.ID}
		if encode(t, a) != encode(t, want) || got.Header.Get("Location") != want.Receipt {
			t.Errorf("%s: answer %+v, Location %s; want %+v", kind, a, got.Header.Get("Location"), want)
		}
		in, err := action.Parse(p.drop.Snapshot()["inbox/g/p/devel/"+a.ID+".action.json"])
		if err != nil || in.RequestID != "req-1" || in.Requester["client"] != "tester" || !strings.HasPrefix(in.Requester["address"], "127.0.0.1") {
			t.Errorf("%s: in the inbox: %+v, %v", kind, in, err)
		}
		in.RequestID, in.Requester = "", nil
		if sent := encode(t, in); sent != requests[kind] {
			t.Errorf("the inbox has %s, want %s", sent, requests[kind])
		}
		if waits := p.get(strings.TrimPrefix(a.Receipt, p.url)); waits.StatusCode != http.StatusAccepted {
			t.Errorf("%s: before the verdict: %d %s", kind, waits.StatusCode, waits.body)
		}
	}
	if len(told) != len(action.Asked) || told[0] != "g/p/devel" {
		t.Errorf("told of %q", told)
	}
}

// TestBadActions checks the answer to what is not a request for an action. Nothing of it
// gets into the inbox.
func TestBadActions(t *testing.T) {
	p := open(t, nil)
	large := make([]string, 5_000) // each < takes six bytes in the inbox
	for i := range large {
		large[i] = strings.Repeat("<", 200) + strconv.Itoa(i)
	}
	for name, c := range map[string]struct {
		body, rule, says string
	}{
		"empty":         {"", "action", "the request is empty; send JSON, such as {"},
		"a file's name": {"action.json", "action", "--data-binary @action.json"},
		"another kind":  {`{"kind":"takedown",` + pins("a") + `}`, "action", `\"takedown\" is not an action that can be asked for`},
		"no kind":       {`{}`, "action", `{\"kind\": \"yank\", \"versions\"`},
		"incomplete":    {`{"kind":"promote","from":"dev"}`, "action", `needs \"versions\"; send JSON, such as {\"kind\": \"promote\"`},
		"too much":      {`{"kind":"restore",` + pins("a") + `,"reason":"x"}`, "action", `takes no \"reason\"`},
		"text":          {`{"generation":"7","kind":"rollback"}`, "action", `\"generation\" must be a whole number; send JSON, such as {\"kind\": \"rollback\"`},
		"unknown field": {`{"kind":"undeprecate","chart":"a","dryRun":true}`, "action", `unknown field \"dryRun\"`},
		"who asks":      {`{"kind":"undeprecate","chart":"a","requester":{"user":"root"}}`, "action", "are filled in here"},
		"request id":    {`{"kind":"undeprecate","chart":"a","requestID":"x"}`, "action", "are filled in here"},
		"two":           {requests[action.Restore] + requests[action.Restore], "action", "something follows it"},
		"no channel":    {`{"kind":"promote","from":"../dev",` + pins("a") + `}`, "action", `\"../dev\" is not a channel`},
		"large":         {`{"kind":"undeprecate","chart":"` + strings.Repeat("a", action.MaxRequest) + `"}`, "action-size", "divide it"},
		"large inside":  {`{"kind":"restore",` + pins(large...) + `}`, "action-size", "divide it"},
	} {
		status := map[string]int{"action": http.StatusBadRequest, "action-size": http.StatusRequestEntityTooLarge}[c.rule]
		for _, chunked := range []bool{false, true} {
			r := p.request(http.MethodPost, "/api/team/actions", strings.NewReader(c.body))
			if chunked {
				r.ContentLength = -1
			}
			got := p.do(r)
			failed(t, got, status, c.rule)
			if !strings.Contains(strings.ReplaceAll(got.body, `\u003c`, "<"), c.says) || len(got.body) > 1500 {
				t.Errorf("%s: %.2000s, want %s", name, got.body, c.says)
			}
		}
	}
	for _, c := range [][3]string{
		{http.MethodGet, "/api/team/actions", "POST"}, {http.MethodOptions, "/api/team/actions", "POST"},
		{http.MethodPut, "/api/team/charts/alpha/1.0.0", "GET, HEAD, DELETE"}, {http.MethodOptions, "/api/team/charts/alpha/1.0.0", "GET, HEAD, DELETE"},
	} {
		got := p.do(p.request(c[0], c[1], nil))
		failed(t, got, http.StatusMethodNotAllowed, "method")
		if allow := got.Header.Get("Allow"); allow != c[2] {
			t.Errorf("%s %s allows %q, want %q", c[0], c[1], allow, c[2])
		}
	}
	if keys := p.inbox(); len(keys) > 0 {
		t.Errorf("what was refused left %q", keys)
	}
}

// guarded opens a port with one token for each list of scopes, called as in the map.
func guarded(t *testing.T, scopes map[string]string) (p *port, tokens map[string]string) {
	tokens = map[string]string{}
	text := "tokens:\n"
	for name, list := range scopes {
		tokens[name] = auth.MakeToken()
		text += fmt.Sprintf("  - {id: %s, hash: %q, %s}\n", name, auth.HashToken(tokens[name]), list)
	}
	file := filepath.Join(t.TempDir(), "auth.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p = open(t, func(o *Options) {
		var err error
		if o.Auth, err = auth.Open(file, o.Log, nil); err != nil {
			t.Fatal(err)
		}
	})
	return p, tokens
}

// TestActionScopes checks which scopes each kind of action needs, and that a refusal names
// the one that is missing.
func TestActionScopes(t *testing.T) {
	p, tokens := guarded(t, map[string]string{
		"writer": `scopes: ["read:**", "write:**", "force:**"]`, "yanker": `scopes: ["yank:team"]`,
		"some": `scopes: ["yank:team", "promote:team", "read:dev"], charts: ["alpha"]`, "promoter": `scopes: ["promote:team", "read:dev"]`,
		"blind": `scopes: ["promote:team"]`, "roller": `scopes: ["rollback:team"]`, "elsewhere": `scopes: ["yank:other", "promote:other", "rollback:other"]`,
	})
	p.publish("team", "alpha", "beta")
	ask := func(who string, kind action.Kind) reply {
		return p.post("/api/team/actions", requests[kind], "Authorization", "Bearer "+tokens[who])
	}
	may := map[string][]action.Kind{
		"yanker":   {action.Yank, action.Restore, action.Deprecate, action.Undeprecate},
		"some":     {action.Restore, action.Deprecate, action.Undeprecate, action.Promote}, // the yank names beta, too
		"promoter": {action.Promote}, "roller": {action.Rollback},
	}
	for who := range tokens {
		for _, kind := range action.Asked {
			got := ask(who, kind)
			want := http.StatusForbidden
			for _, k := range may[who] {
				if k == kind {
					want = http.StatusAccepted
				}
			}
			if got.StatusCode != want {
				t.Errorf("%s asks to %s: %d %s", who, kind, got.StatusCode, got.body)
			}
		}
	}
	for _, c := range []struct {
		who  string
		kind action.Kind
		says string
	}{
		{"writer", action.Yank, "ask for a token with the scope yank:team, or to promote promote:team, or to roll back rollback:team"},
		{"roller", action.Yank, "ask for a token with the scope yank:team"},
		{"yanker", action.Promote, "may not promote to channel team; ask for a token with the scope promote:team"},
		{"promoter", action.Rollback, "may not roll back channel team; ask for a token with the scope rollback:team"},
		{"blind", action.Promote, "ask for a token with the scope read:dev"},
		{"some", action.Yank, `may not yank or deprecate a chart called \"beta\" in channel team`},
	} {
		if got := ask(c.who, c.kind); !strings.Contains(got.body, c.says) {
			t.Errorf("%s asks to %s: %s, want %q", c.who, c.kind, got.body, c.says)
		}
	}
	failed(t, p.post("/api/team/actions", requests[action.Yank]), http.StatusUnauthorized, "credentials")
}

// TestActionRefused checks the answer to what the generator would refuse.
func TestActionRefused(t *testing.T) {
	p := open(t, func(o *Options) {
		o.CheckAction = func(channel string, request *action.Request) error {
			if request.Kind != action.Yank {
				return nil
			}
			return &Refusal{"action-not-allowed", "channel " + channel + " takes no yank", "ask for something else"}
		}
	})
	p.shelf("team", "1.0.0")
	for _, got := range []reply{p.post("/api/team/actions", requests[action.Yank]), p.delete("/api/team/charts/alpha/1.0.0")} {
		failed(t, got, http.StatusUnprocessableEntity, "action-not-allowed")
		if !strings.Contains(got.body, "channel team takes no yank; ask for something else") {
			t.Error(got.body)
		}
	}
	if keys := p.inbox(); len(keys) > 0 {
		t.Errorf("what was refused left %q", keys)
	}
	if got := p.post("/api/team/actions", requests[action.Restore]); got.StatusCode != http.StatusAccepted {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

// TestActionReceipts checks who may read the verdict on an action.
func TestActionReceipts(t *testing.T) {
	p, tokens := guarded(t, map[string]string{
		"writer": `scopes: ["write:team"]`, "yanker": `scopes: ["yank:team"]`, "some": `scopes: ["yank:team"], charts: ["beta"]`, "roller": `scopes: ["rollback:team"]`,
	})
	const upload, yank = "0196b2a0-0000-7000-8000-000000000001", "0196b2a0-0000-7000-8000-000000000002"
	request, err := action.Parse([]byte(requests[action.Restore]))
	if err != nil {
		t.Fatal(err)
	}
	p.put(p.drop, "receipts/"+upload+".json", encode(t, droparea.Receipt{ID: upload, Channel: "team", Verdict: verdict.Rejected}))
	p.put(p.drop, "receipts/"+yank+".json", encode(t, droparea.Receipt{ID: yank, Channel: "team", Verdict: verdict.Accepted, Chart: "alpha", Action: &request}))
	for who, want := range map[string][2]int{"writer": {200, 403}, "yanker": {403, 200}, "some": {403, 403}, "roller": {403, 403}} {
		for i, id := range []string{upload, yank} {
			if got := p.get("/api/team/uploads/"+id, "Authorization", "Bearer "+tokens[who]); got.StatusCode != want[i] {
				t.Errorf("%s reads %s: %d %s, want %d", who, id, got.StatusCode, got.body, want[i])
			}
		}
	}
}

// TestActionsInvent lets a token ask for actions in channels that do not exist. There is an
// end to it, as for uploads.
func TestActionsInvent(t *testing.T) {
	p, tokens := guarded(t, map[string]string{"yanker": `scopes: ["yank:x/**"]`})
	for n := range inventedAtOnce + 1 {
		got := p.post(fmt.Sprintf("/api/x/%d/actions", n), requests[action.Yank], "Authorization", "Bearer "+tokens["yanker"])
		if n < inventedAtOnce && got.StatusCode != http.StatusAccepted {
			t.Fatalf("channel %d: %d %s", n, got.StatusCode, got.body)
		}
		if n == inventedAtOnce {
			failed(t, got, http.StatusTooManyRequests, "new-channels")
		}
	}
}

// TestActionJudged checks that what the judges of the channel, and of the one which is
// promoted from, warn of stands in the answer; and that what can never succeed is refused.
func TestActionJudged(t *testing.T) {
	p := open(t, func(o *Options) {
		judge := o.Judge
		o.Judge = func(channel string, head *publisher.Head) Judge {
			says := func(as string) func(*action.Request) ([]verdict.Warning, error) {
				return func(r *action.Request) ([]verdict.Warning, error) {
					if r.Chart == "gone" {
						return nil, &Refusal{"content-gone", "it was taken down", "publish other content"}
					}
					return []verdict.Warning{{Rule: "warn-action", Message: as + " " + channel}}, nil
				}
			}
			return Judge{Upload: judge(channel, head).Upload, Action: says("in"), Source: says("from")}
		}
	})
	p.publish("team", "alpha")
	p.put(p.site, "foreign/index.yaml", "apiVersion: v1\nentries: {}\n")
	for body, want := range map[string][]string{
		requests[action.Yank]:    {"in team"},
		requests[action.Promote]: {"in team", "from dev"}, // there is no such channel yet
		strings.Replace(requests[action.Promote], `"dev"`, `"foreign"`, 1): {"in team"},
	} {
		got := p.post("/api/team/actions", body)
		var a asked
		if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.StatusCode != http.StatusAccepted {
			t.Fatalf("%s: %d %s, %v", body, got.StatusCode, got.body, err)
		}
		var says []string
		for _, w := range a.Warnings {
			says = append(says, w.Message)
		}
		if !slices.Equal(says, want) || p.drop.Snapshot()["inbox/team/"+a.ID+".action.json"] == nil {
			t.Errorf("%s: warnings %q, want %q", body, says, want)
		}
	}
	before := len(p.inbox())
	failed(t, p.post("/api/team/actions", `{"kind":"undeprecate","chart":"gone"}`), http.StatusConflict, "content-gone")
	if after := p.inbox(); len(after) != before {
		t.Errorf("what was refused is in the inbox: %q", after)
	}
}
