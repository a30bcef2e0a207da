package markdown

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/templates"
)

// cost renders src and returns how many bytes that allocates.
func cost(src []byte) (*templates.Text, uint64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text, _ := Parse(ctx, src).Render(ctx, allListed)
	runtime.ReadMemStats(&after)
	return text, after.TotalAlloc - before.TotalAlloc
}

// largest returns roughly the longest input of a shape that is rendered.
func largest(shape string) []byte {
	accepted := func(n int) []byte {
		s := shapes(n)[shape]()
		if s = s[:min(len(s), maxInput)]; rendered(ctx, []byte(s)).Note != "" {
			return nil
		}
		return []byte(s)
	}
	if s := accepted(maxInput); s != nil {
		return s
	}
	var best []byte
	for step, n := maxInput/2, maxInput/2; step >= maxInput/16; step /= 2 {
		if s := accepted(n); s != nil {
			best, n = s, n+step/2
		} else {
			n -= step / 2
		}
	}
	return best
}

// TestBounds renders costly READMEs of the maximum length, and the longest of each
// kind that is rendered. It measures cost as allocation, because that does not
// depend on the machine.
func TestBounds(t *testing.T) {
	const maxAlloc = 110 << 20 // in total; much less is in use at once
	check := func(what string, src []byte) {
		text, alloc := cost(src)
		if alloc > maxAlloc || len(text.HTML) > max(maxOutput, 6*maxPlain) {
			t.Errorf("%s: %d bytes allocate %d MiB and give %d KiB, note %q", what, len(src), alloc>>20, len(text.HTML)>>10, text.Note)
		}
	}
	check("the largest file of an archive", []byte(shapes(5 << 20)["text"]()))
	all := shapes(maxInput)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		check(fmt.Sprintf("%s of %d", name, maxInput), []byte(all[name]()))
		check(name+", the longest rendered", largest(name))
	}
}

// TestNotes checks that a README's note names the bound that it exceeds.
func TestNotes(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{strings.Repeat("a", maxInput+1), "too long"},
		{strings.Repeat(">", maxDepth+2), "nested too deeply"},
		{strings.Repeat("1. ", maxDepth+2), "nested too deeply"},
		{strings.Repeat("> ", maxDepth) + "a\n" + strings.Repeat("a\n\n> a\n", 10), ""},
		{"- a\n" + strings.Repeat("\n", 100_000) + "  - b\n" + strings.Repeat("\n", 50_000), ""},
		{strings.Repeat("> ", 20) + "a\n" + strings.Repeat(strings.Repeat(">", 20)+"\n", 12_000), ""},
		{strings.Repeat("- ", 8) + "a\n" + strings.Repeat("\n", 200_000), "too many lines"},
		{strings.Repeat("|a", 150) + "|\n" + strings.Repeat("|-", 150) + "|\n" + strings.Repeat("x\n", 150), "too many cells"},
		{"|a|\n|-|\n|`" + strings.Repeat(`\|`, maxPipes+1) + "`|\n", "in tables"},
		{strings.Repeat("[a](b) *c*\n\n", 18_000), "too many marks"},
		{strings.Repeat("a\n\n", maxBlocks), ""},
		{strings.Repeat("a\n\n", maxBlocks+1), "too many paragraphs"},
		{strings.Repeat("#\n", maxBlocks+1), "too many paragraphs"},
		{strings.Repeat("- a\n", maxBlocks), "too many paragraphs"},
		{strings.Repeat("[a](b", 10_000), "too long and have too many marks"},
		{"[a]: /x \"" + strings.Repeat("t", 10_000) + "\"\n\n" + strings.Repeat("[a]\n\n", 1000), "becomes too long"},
	} {
		text := rendered(ctx, []byte(tt.in))
		if tt.want == "" && text.Note != "" || !strings.Contains(text.Note, tt.want) {
			t.Errorf("%.20q: got note %q, want %q", tt.in, text.Note, tt.want)
		}
		if text.Note != "" && strings.Count(string(text.HTML), "<") != 2 {
			t.Errorf("%.20q: shown as %.100s", tt.in, text.HTML)
		}
	}
}

// TestPlain shows a README that is not rendered as plain text.
func TestPlain(t *testing.T) {
	text := plain([]byte("<b>\r\n\u202e&\xff"), "N.")
	if got, want := string(text.HTML), "<pre tabindex=\"0\">\n&lt;b&gt;\n&amp;\ufffd</pre>"; got != want || text.Note != "N." {
		t.Errorf("got %q, %q; want %q", got, text.Note, want)
	}
	text = plain([]byte(strings.Repeat("漢", maxPlain/3+1)), "N.")
	if n := strings.Count(string(text.HTML), "漢"); n != maxPlain/3 || strings.Contains(string(text.HTML), "\ufffd") || !strings.HasSuffix(text.Note, "left out.") {
		t.Errorf("%d characters of %d, note %q", n, maxPlain/3+1, text.Note)
	}
}

// BenchmarkWorst renders the longest README of each costly kind that is rendered.
func BenchmarkWorst(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(shapes(16))) {
		src := largest(name)
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(src)))
			for b.Loop() {
				rendered(ctx, src)
			}
		})
	}
}
