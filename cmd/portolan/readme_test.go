package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/portolan-charts/portolan/ci/testenv"
	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/config"
)

// TestReadmeCommands runs what the READMEs tell users to type, in a folder with
// a chart, one block after the other.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, body := range charttest.Chart("mychart", "0.1.0") {
		file := filepath.Join(dir, "mychart", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	bin := t.TempDir()
	for name, target := range map[string]string{"helm": testenv.Tool(t, "helm4"), "portolan": portolanPath(t)} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	all := blocks(t, "run")
	wants := []string{
		"accepted    mychart 0.1.0", "unchanged   mychart 0.1.0", "  +mychart 0.1.0\n",
		"accepted    restore mychart 0.1.0", "stable: generation 4, 3 snapshots, 0 files written\n",
	}
	if len(all) != len(wants) {
		t.Fatalf("the READMEs have %d blocks to run, and this test knows %d", len(all), len(wants))
	}
	for i, block := range all {
		c := exec.CommandContext(testenv.Context(t), "sh", "-eu", "-c", block)
		c.Dir = dir
		c.Env = append(plainEnv(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir)
		out, err := c.CombinedOutput()
		if err != nil || !strings.Contains(string(out), wants[i]) {
			t.Fatalf("%s\n%v; want %q in:\n%s", block, err, wants[i], out)
		}
	}
}

// TestReadmeConfig reads the portolan.yaml that a README shows.
func TestReadmeConfig(t *testing.T) {
	t.Parallel()
	for _, block := range blocks(t, "config") {
		c, err := config.Parse([]byte(block), "README.md")
		if err != nil {
			t.Fatal(err)
		}
		if p := c.Policy("acme/stable"); p.Duplicates != config.Reject || p.Keep != 20 || p.Checks.Versions != "strict" || p.Checks.Limits.Packed != 5<<20 {
			t.Errorf("policy of acme/stable: %+v", p)
		}
		if p := c.Policy("devel"); p.Duplicates != config.Replace {
			t.Errorf("policy of devel: %+v", p)
		}
	}
}

// TestReadmeSignatures reads the keyrings that a README has configured.
func TestReadmeSignatures(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "portolan.yaml")
	write(t, file, []byte(block(t, "signatures")))
	write(t, filepath.Join(filepath.Dir(file), "keys", "team.asc"), charttest.NewSigner().Keyring())
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if stable, devel := c.Policy("stable"), c.Policy("team/devel"); !stable.Signed || stable.Keyring == nil || devel.Signed || devel.Keyring == nil {
		t.Errorf("got %+v and %+v", stable, devel)
	}
}

// TestReadmePages reads the settings of pages that a README shows.
func TestReadmePages(t *testing.T) {
	t.Parallel()
	for _, block := range blocks(t, "pages") {
		c, err := config.Parse([]byte(block), "README.md")
		if err != nil {
			t.Fatal(err)
		}
		if c.Title == "" || !c.HasPages() || len(c.Footer) != 1 || !strings.Contains(string(c.ArtifactHub("stable")), "repositoryID: 2a9ac5b2") ||
			*c.RepoPrefix != "acme" || c.Private("stable") || !c.Private("internal/stable") {
			t.Errorf("got %+v, and for Artifact Hub %q", c, c.ArtifactHub("stable"))
		}
	}
}

// TestReadmeNotify reads the receivers that a README shows.
func TestReadmeNotify(t *testing.T) {
	t.Parallel()
	for _, block := range blocks(t, "notify") {
		c, err := config.Parse([]byte(block), "README.md")
		if err != nil {
			t.Fatal(err)
		}
		if r := c.Receivers("stable"); len(r) != 2 || r[0].Host() != "flux-webhook.example.com" || r[0].SecretEnv != "FLUX_SECRET" || r[1].SecretFile != "/run/secrets/ci" {
			t.Errorf("receivers: %+v", r)
		}
		if r := c.Receivers("devel"); len(r) > 0 {
			t.Errorf("receivers of devel: %+v", r)
		}
	}
}

// TestReadmeGates reads the gates that a README shows.
func TestReadmeGates(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(block(t, "gates")), "README.md")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Gates{From: []string{"dev"}, Only: true, Soak: 72 * time.Hour, Signed: true, Dependencies: true, Site: "https://charts.example.com"}
	if got := c.Policy("stable").Promote; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestReadmeAuth reads the auth file that a README shows.
func TestReadmeAuth(t *testing.T) {
	t.Parallel()
	for _, block := range blocks(t, "auth") {
		w := newTown(t)
		write(t, filepath.Join(w.folder, "auth.yaml"), []byte(block))
		var list struct{ Tokens []struct{ ID string } }
		decode(t, w.done("token", "list", "--auth", "auth.yaml", "--output", "json").stdout, &list)
		if len(list.Tokens) != 1 || list.Tokens[0].ID != "ci" {
			t.Errorf("the tokens: %+v", list)
		}
		write(t, filepath.Join(w.folder, "htpasswd"), nil)
		write(t, filepath.Join(w.folder, "token"), []byte("eyJ.none.here"))
		if o := w.run([]int{1}, "auth", "check", "--auth", "auth.yaml", "--token-file", "token"); !strings.Contains(o.stderr, "the token is refused") {
			t.Errorf("auth check: %s", o.stderr)
		}
	}
}
