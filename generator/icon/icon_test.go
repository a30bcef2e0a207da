package icon

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/url"
	"strings"
	"testing"
)

// picture returns an image of the size in a format.
func picture(t testing.TB, format string, width, height int) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White})
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 1})
	case "gif":
		err = gif.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// webp returns the header of a WebP file with a chunk.
func webp(kind, chunk string) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WEBP"+kind+"\x00\x00\x00\x00"), chunk...)
	b = append(b, make([]byte, 20)...)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-8))
	return b
}

// TestFiles shows files of a chart, if they are what their names say.
func TestFiles(t *testing.T) {
	small, flat := picture(t, "png", 64, 48), picture(t, "png", 2048, 1)
	animation := bytes.Buffer{}
	frames := []*image.Paletted{image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.Black}), image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.White})}
	if err := gif.EncodeAll(&animation, &gif.GIF{Image: frames, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, file string
		data       []byte
		want       string // the type; "" if it is not shown
	}{
		{"PNG", "icon.png", small, "image/png"},
		{"PNG in a folder, in capitals", "./docs/Icon.PNG", small, "image/png"},
		{"as wide as allowed", "a.png", flat, "image/png"},
		{"too wide", "a.png", picture(t, "png", 2049, 1), ""},
		{"too high", "a.png", picture(t, "png", 1, 2049), ""},
		{"JPEG", "a.jpeg", picture(t, "jpeg", 16, 16), "image/jpeg"},
		{"JPEG, short", "a.jpg", picture(t, "jpeg", 16, 16), "image/jpeg"},
		{"GIF", "a.gif", picture(t, "gif", 16, 16), "image/gif"},
		{"GIF that moves", "a.gif", animation.Bytes(), ""},
		{"WebP", "a.webp", webp("VP8 ", "\x10\x00\x00\x9d\x01\x2a\x40\x00\x30\x00"), "image/webp"},
		{"WebP without a key frame", "a.webp", webp("VP8 ", "\x11\x00\x00\x9d\x01\x2a\x40\x00\x30\x00"), ""},
		{"WebP of no width", "a.webp", webp("VP8 ", "\x10\x00\x00\x9d\x01\x2a\x00\x00\x30\x00"), ""},
		{"WebP without loss", "a.webp", webp("VP8L", "\x2f\x3f\xc0\x0b\x00"), "image/webp"},
		{"WebP without loss, too wide", "a.webp", webp("VP8L", "\x2f\xff\xff\x0b\x00"), ""},
		{"WebP, extended", "a.webp", webp("VP8X", "\x10\x00\x00\x00\x3f\x00\x00\x2f\x00\x00"), "image/webp"},
		{"WebP, extended, too high", "a.webp", webp("VP8X", "\x10\x00\x00\x00\x3f\x00\x00\x00\x00\x01"), ""},
		{"WebP that moves", "a.webp", webp("VP8X", "\x12\x00\x00\x00\x3f\x00\x00\x2f\x00\x00ANIM"), ""},
		{"WebP cut", "a.webp", webp("VP8X", "\x10\x00\x00\x00\x3f\x00\x00\x2f\x00\x00")[:29], ""},
		{"WebP longer than the file", "a.webp", append([]byte("RIFF\xff\xff\xff\xffWEBP"), webp("VP8L", "\x2f\x3f\xc0\x0b\x00")[12:]...), ""},
		{"PNG named GIF", "a.gif", small, ""},
		{"SVG named PNG", "a.png", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), ""},
		{"HTML", "a.html", []byte("<script>"), ""},
		{"HTML named PNG", "a.png", []byte("<script>"), ""},
		{"PNG cut", "a.png", small[:20], ""},
		{"empty", "a.png", nil, ""},
		{"too long", "a.png", append(bytes.Clone(small), make([]byte, 6<<10)...), ""},
		{"no ending", "icon", small, ""},
	} {
		got := URL(tt.file, tt.data)
		if want := "data:" + tt.want + ";base64," + base64.StdEncoding.EncodeToString(tt.data); tt.want == "" && got != "" || tt.want != "" && got != want {
			t.Errorf("%s: got %.60q, want %.60q", tt.name, got, want)
		}
	}
	padded := append(bytes.Clone(small), make([]byte, (Max-len("data:image/png;base64,"))/4*3-len(small))...)
	if got := URL("a.png", padded); len(got) > Max || len(got) < Max-4 {
		t.Errorf("the longest image gives %d bytes", len(got))
	}
	if got := URL("a.png", append(padded, 0, 0, 0)); got != "" {
		t.Errorf("a longer one gives %d bytes", len(got))
	}
}

// TestURLs reads data: URLs as browsers do.
func TestURLs(t *testing.T) {
	small := picture(t, "png", 8, 8)
	text := base64.StdEncoding.EncodeToString(small)
	shown := "data:image/png;base64," + text
	dot := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1"/></svg>`
	drawing := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(dot))
	for _, tt := range []struct{ name, in, want string }{
		{"base64", shown, shown},
		{"capitals, blanks, lines", "DATA:Image/PNG; Base64," + text[:20] + "\n  " + text[20:], shown},
		{"without padding", strings.TrimRight(shown, "="), shown},
		{"escaped base64", "data:image/png;base64," + url.PathEscape(text), shown},
		{"drawing in base64", drawing, drawing},
		{"drawing", "data:image/svg+xml," + dot, drawing},
		{"drawing, escaped", "data:image/svg+xml;charset=utf-8," + url.PathEscape(dot), drawing},
		{"JPEG by another name", "data:image/jpg;base64," + text, ""},
		{"another type", "data:image/gif;base64," + text, ""},
		{"no type", "data:;base64," + text, ""},
		{"page", "data:text/html,<script>alert(1)</script>", ""},
		{"broken base64", "data:image/png;base64,!" + text, ""},
		{"broken escape", "data:image/svg+xml,%zz" + dot, ""},
		{"no comma", "data:image/png;base64", ""},
		{"elsewhere", "https://example.com/icon.png", ""},
		{"script", "javascript:alert(1)//.png", ""},
		{"too long", "data:image/svg+xml," + strings.Repeat(" ", 3*maxSource) + dot, ""},
		{"nothing", "", ""},
	} {
		if got := URL(tt.in, nil); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	jpg := base64.StdEncoding.EncodeToString(picture(t, "jpeg", 8, 8))
	if got := URL("data:image/jpg;base64,"+jpg, nil); got != "data:image/jpeg;base64,"+jpg {
		t.Errorf("a JPEG by its other name: got %.40q", got)
	}
}
