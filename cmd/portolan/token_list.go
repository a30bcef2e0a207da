package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/portolan-charts/portolan/publisher/shim/auth"
)

// listedToken is a token as it is listed.
type listedToken struct {
	ID       string     `json:"id"`
	Scopes   []string   `json:"scopes"`
	Charts   []string   `json:"charts"`
	NotAfter *time.Time `json:"notAfter"`
	Expired  bool       `json:"expired"`
}

func listed(t *auth.Token) listedToken {
	l := listedToken{ID: t.ID, Scopes: t.Scopes, Charts: append([]string{}, t.Charts...), Expired: t.Expired(time.Now())}
	if !t.NotAfter.IsZero() {
		l.NotAfter = &t.NotAfter
	}
	return l
}

func (p *program) listTokens(f *tokenFlags) error {
	if err := f.only(nil, "auth"); err != nil {
		return err
	}
	tokens, err := auth.Tokens(f.auth)
	if err != nil {
		return authError(f.auth, err)
	}
	all := []listedToken{}
	for _, t := range tokens {
		all = append(all, listed(t))
	}
	if f.output.json {
		return p.printJSON(map[string]any{"tokens": all})
	}
	if len(all) == 0 {
		p.printf("no tokens yet\n")
		return nil
	}
	return p.printTokens(all)
}

func (p *program) printTokens(all []listedToken) error {
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSCOPES\tCHARTS\tEXPIRES")
	for _, t := range all {
		charts, expires := "all", "never"
		if len(t.Charts) > 0 {
			charts = strings.Join(t.Charts, " ")
		}
		if t.NotAfter != nil {
			expires = timeText(*t.NotAfter)
		}
		if t.Expired {
			expires += " (expired)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", t.ID, plain(strings.Join(t.Scopes, " ")), plain(charts), expires)
	}
	return w.Flush()
}
