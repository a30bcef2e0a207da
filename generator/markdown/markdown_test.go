package markdown

import (
	"context"
	"strings"
	"testing"

	"github.com/portolan-charts/portolan/templates"
)

// rendered renders all of a README.
func rendered(ctx context.Context, src []byte) *templates.Text {
	text, _ := Parse(ctx, src).Render(ctx, Options{})
	return text
}

const external = ` rel="nofollow noopener noreferrer ugc"`

// TestRender checks the HTML for Markdown and raw HTML.
func TestRender(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"paragraphs", "a *b*\n\n**c** ~~d~~ `e`", "<p>a <em>b</em></p>\n<p><strong>c</strong> <del>d</del> <code>e</code></p>"},
		{"headings", "# A\n## B\n# C", `<h3 id="readme-a">A</h3> <h4 id="readme-b">B</h4> <h3 id="readme-c">C</h3>`},
		{"no level skipped", "### A\n###### B\n###### C\n## D", `<h3 id="readme-a">A</h3> <h4 id="readme-b">B</h4> <h4 id="readme-c">C</h4> <h3 id="readme-d">D</h3>`},
		{"six levels", "# A\n## B\n### C\n#### D\n##### E\n###### F", `<h3 id="readme-a">A</h3> <h4 id="readme-b">B</h4> <h5 id="readme-c">C</h5> <h6 id="readme-d">D</h6> <h6 id="readme-e">E</h6> <h6 id="readme-f">F</h6>`},
		{"GitHub's ids", "# What's *new* in v1.2? `--x_y`", `<h3 id="readme-whats-new-in-v12---x_y">What&#39;s <em>new</em> in v1.2? <code>--x_y</code></h3>`},
		{"ids repeated", "# A\n# A\n# A 1\n# A", `<h3 id="readme-a">A</h3> <h3 id="readme-a-1">A</h3> <h3 id="readme-a-1-1">A 1</h3> <h3 id="readme-a-2">A</h3>`},
		{"ids of other scripts", "# 快速 开始\n[x](#快速-开始)", `<h3 id="readme-快速-开始">快速 开始</h3> <p><a href="#readme-快速-开始">x</a></p>`},
		{"id of nothing", "# ?!", `<h3 id="readme-section">?!</h3>`},
		{"empty headings", "#\n\n# <br>\n", "<br>"},
		{"links in the page", "# A B\n[x](#a-b) [y](#A-B) [z](#none) [v](#)", `<h3 id="readme-a-b">A B</h3> <p><a href="#readme-a-b">x</a> <a href="#readme-a-b">y</a> z v</p>`},
		{"places", "<a name=\"top\"></a>\n\n[x](#top) <a id='top'></a>", `<span id="readme-top"></span> <p><a href="#readme-top">x</a> </p>`},
		{"links", "[a](https://x.y/z?a=b&c=d \"t\") [b](HTTP://x) [c](mailto:a@b.c)", `<p><a href="https://x.y/z?a=b&amp;c=d"` + external + `>a</a> <a href="http://x"` + external + `>b</a> <a href="mailto:a@b.c"` + external + `>c</a></p>`},
		{"other links", "[a](javascript:alert(1)) [b](data:text/html,x) [c](docs/a.md) [d](//x.y) [e](/f) [g](ftp://x) [h](http:x) [i](https://u:p@x)", "<p>a b c d e g h i</p>"},
		{"hidden schemes", "[a](java\tscript:x) [b](&#106;avascript:x) <a href=\"java&#10;script:x\">c</a> <a href=' javascript:x'>d</a>", "<p>[a](java script:x) b c d</p>"},
		{"autolinks", "http://a.b www.c.d e@f.g ftp://h.i", `<p><a href="http://a.b"` + external + `>http://a.b</a> <a href="http://www.c.d"` + external + `>www.c.d</a> <a href="mailto:e@f.g"` + external + `>e@f.g</a> ftp://h.i</p>`},
		{"empty links", "[](http://x) <a href='http://x'> </a>", ""},
		{"images", "![a b](http://x/y.png) ![c](d.png) ![](http://x/y.png) ![](d.png)", `<p><a href="http://x/y.png"` + external + `>a b</a> c <a href="http://x/y.png"` + external + `>y.png</a> </p>`},
		{"badges", "[![Build](http://x/y.svg)](http://z) [![](http://x/y.svg)](http://z)", `<p><a href="http://z"` + external + `>Build</a> <a href="http://z"` + external + `>image</a></p>`},
		{"raw images", `<img src=x onerror=alert(1) alt="a"> <img src="data:image/png,x" alt="b">`, "<p>a b</p>"},
		{"images with marks", "![&lt;b&gt;](http://x)", `<p><a href="http://x"` + external + `>&lt;b&gt;</a></p>`},
		{"tables", "|a|b|\n|:-|-:|\n|c|\n", `<table><thead> <tr> <th scope="col">a</th> <th scope="col">b</th> </tr> </thead> <tbody> <tr> <td>c</td> <td></td> </tr> </tbody> </table>`},
		{"tables without heads", "| | |\n|-|-|\n|c|d|\n", `<table><thead> <tr> <td></td> <td></td> </tr> </thead> <tbody> <tr> <td>c</td> <td>d</td> </tr> </tbody> </table>`},
		{"raw tables", "<table align=center width='10%'><tr><td colspan=2 style=x>a<td>b<tr><th>c</table>", `<table><tbody><tr><td colspan="2">a</td> <td>b</td> </tr> <tr><th scope="row">c</th> </tr> </tbody> </table>`},
		{"broken tables", "<table>a<thead><tr></tr></thead><b>x</b></table><td>y</td><tr>z", `<table><tbody><tr><td>a</td> </tr> </tbody> <tbody><tr><td><b>x</b></td> </tr> </tbody> </table>yz`},
		{"tasks", "- [x] a\n- [ ] b", "<ul> <li>☑ a</li> <li>☐ b</li> </ul>"},
		{"lists", "3. a\n\n   b\n4. c", `<ol start="3"> <li> <p>a</p> <p>b</p> </li> <li> <p>c</p> </li> </ol>`},
		{"broken lists", "<ul>a<p>b</p><li>c</ul><li>d", "<ul><li>a<p>b</p> </li> <li>c</li> </ul> <div>d</div>"},
		{"code", "```yaml\na: <b>\n```\n    \n```\"onclick=x\n```", "<pre tabindex=\"0\"><code class=\"language-yaml\">a: &lt;b&gt; </code></pre>"},
		{"blocks in paragraphs", "<p>a<div>b</div>c</p>", "<p>a</p> <div>b</div>c"},
		{"marks around blocks", "<b>a<p>b</p>c</b>", "<p><b>a</b></p><p>b</p>c"},
		{"headings around blocks", "<h1 align=center>a<div>b</div>c</h1>", `<h3 id="readme-abc">abc</h3>`},
		{"headings without an end", "<h2>a\n\n<h2><b>b\n\n# c", `<h3 id="readme-a">a </h3> <h3 id="readme-b"><b>b </b></h3> <h3 id="readme-c">c</h3>`},
		{"links in links", "<a href=http://x>a<a href=http://y>b</a></a>", `<p><a href="http://x"` + external + `>a</a><a href="http://y"` + external + `>b</a></p>`},
		{"details", "<details><summary><h3>A</h3></summary>\n\nb\n\n</details>\n<details open>c</details>", "<details><summary>A</summary> <p>b</p> </details> <details open><summary>Details</summary>c</details>"},
		{"scripts", "a<script>alert(1)</script>b<style>x</style><iframe src=x>c</iframe><form><input value=x><button>d</button></form>", "<p>abd</p>"},
		{"SVG", "<svg onload=x><a href='javascript:x'><text>a</text></a></svg><math><mi>b</mi></math>", "<p>ab</p>"},
		{"comments", "a <!-- b --> c\n\n<!--\nd\n-->\n<!-- e", "<p>a  c</p>"},
		{"attributes", "<b class=x style=y id=z onclick=v data-x=y>a</b> <code class='language-go'>b</code> <code class='x'>c</code>", `<p><b id="readme-z">a</b> <code class="language-go">b</code> <code>c</code></p>`},
		{"escapes", "a &lt;script&gt; \\<b\\> &amp;amp; \"q\" 'r'", "<p>a &lt;script&gt; &lt;b&gt; &amp;amp; &#34;q&#34; &#39;r&#39;</p>"},
		{"hidden characters", "a\u202eb\u2066c\x00d\u200be\ufefff &#x202e;g &#8203;h\x1b[0m\U000e0041", "<p>abc\ufffddef g h[0m</p>"},
		{"characters that join", "\U0001f469\u200d\U0001f680 \u0645\u06cc\u200c\u062e", "<p>\U0001f469\u200d\U0001f680 \u0645\u06cc\u200c\u062e</p>"},
		{"invalid bytes", "a\xffb", "<p>a\ufffdb</p>"},
		{"line ends", "a\r\nb\rc", "<p>a b c</p>"},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := rendered(ctx, []byte(tt.in))
			if text := fields(string(got.HTML)); text != fields(tt.want) || got.Note != "" {
				t.Errorf("got:  %s (note %q)\nwant: %s", text, got.Note, fields(tt.want))
			}
		})
	}
}

// fields joins the words of HTML with single spaces, and removes spaces between
// tags, since they show nothing.
func fields(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.ReplaceAll(s, "> <", "><")
}
