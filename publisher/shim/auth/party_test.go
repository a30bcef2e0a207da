package auth

import "testing"

// TestParty checks which requests are of one party.
func TestParty(t *testing.T) {
	g := newStandIn(t)
	g.jobs["glcbt-another"] = `{"id": 9, "ref": "main", "source": "push", "pipeline": {"id": 7, "project_id": 42}, "user": {"id": 2, "username": "b"}}`
	g.tokens["glpat-another"], g.members["glpat-another"] = tokenJSON, g.members[patSecret] // of the same user
	w := newClockedWorld(t, "anonymous: ['write:**']\n"+aliceFile+withToken("one")+g.file(gitlabRules), hashed(t, "alice", "correct horse"))
	party := func(headers ...string) string {
		t.Helper()
		id, err := w.a.Identify(request(t, headers...))
		if err != nil {
			t.Fatal(err)
		}
		return id.Party()
	}
	if a, b := party("Bearer "+jobSecret), party("Bearer glcbt-another"); a != b {
		t.Errorf("two jobs of one project are %q and %q", a, b)
	}
	if a, b := party("Bearer "+patSecret), party("Bearer glpat-another"); a != b {
		t.Errorf("two access tokens of one user are %q and %q", a, b)
	}
	if a, b := party("Bearer "+foreign), party(basic("any", foreign)); a != b {
		t.Errorf("a token with and without a user name is %q and %q", a, b)
	}
	all := map[string]bool{}
	for _, header := range []string{"Bearer " + jobSecret, "Bearer " + patSecret, "Bearer " + foreign, basic("alice", "correct horse")} {
		all[party(header)] = true
	}
	for _, a := range []*Authoriser{w.a, Anyone()} { // all anonymous requests of an address, to any shim
		for address, others := range map[string]string{"192.0.2.1:1": "192.0.2.1:2", "[2001:db8::1]:1": "[2001:db8::2]:1"} {
			one, err := a.Identify(from(request(t), address))
			two, err2 := a.Identify(from(request(t), others))
			if err != nil || err2 != nil || one.Party() != two.Party() {
				t.Errorf("%s is %v, and %s %v", address, one, others, two)
			}
			all[one.Party()] = true
		}
	}
	if id, err := Anyone().Identify(from(request(t), "127.0.0.1:1")); err != nil || id.Party() != "" {
		t.Errorf("a user of this machine, without rules: got %v, error %v", id, err)
	}
	if id, err := w.a.Identify(from(request(t), "127.0.0.1:1")); err != nil || id.Party() == "" {
		t.Errorf("a user of this machine: got %v, error %v", id, err)
	}
	if len(all) != 6 {
		t.Errorf("the parties are %v, want 6", all)
	}
}
