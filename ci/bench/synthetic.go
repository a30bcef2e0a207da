package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/portolan-charts/portolan/generator/charttest"
	"github.com/portolan-charts/portolan/generator/check"
)

// synthetic returns a folder with the archives of 10,000 chart versions, which it
// makes for the first part that needs them. They resemble real ones: about 20 files,
// 12 KB packed.
func (b *bench) synthetic(ctx context.Context) (folder string, err error) {
	folder = filepath.Join(b.folder, "archives")
	if err := os.Mkdir(folder, 0o777); err != nil {
		if os.IsExist(err) {
			err = nil
		}
		return folder, err
	}
	charts := make([]int, b.size(10_000)/perChart)
	for i := range charts {
		charts[i] = i
	}
	return folder, atOnce(ctx, charts, func(i int) error {
		for j := range perChart {
			name, version := chartName(i), fmt.Sprintf("1.%d.0", j+1)
			file := filepath.Join(folder, check.FileName(name, version))
			if err := os.WriteFile(file, makeArchive(uint64(i), name, version), 0o666); err != nil {
				return err
			}
		}
		return nil
	})
}

func makeArchive(source uint64, name, version string) []byte {
	words := rand.New(rand.NewPCG(source, 1))
	files := charttest.Chart(name, version, "README.md", "# "+name+"\n\n"+prose(words, 6<<10))
	files["Chart.yaml"] += "appVersion: \"" + version + "\"\nkeywords: [bench, " + word(words) + "]\nmaintainers: [{name: " + word(words) + "}]\n"
	var values strings.Builder
	for i := range 150 {
		fmt.Fprintf(&values, "# %s\n%s%d: %s\n", prose(words, 40), word(words), i, word(words))
	}
	files["values.yaml"] = values.String()
	for i := range 14 {
		files[fmt.Sprintf("templates/%s-%d.yaml", word(words), i)] =
			"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-" + word(words) + "\ndata:\n  text: \"" + prose(words, 900) + "\"\n"
	}
	return charttest.Pack(name, files, &charttest.Options{Level: gzip.BestSpeed})
}

// prose returns text of some length that compresses about as well as real text.
func prose(r *rand.Rand, length int) string {
	var b strings.Builder
	for b.Len() < length {
		b.WriteString(word(r))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

const syllables = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru"

func word(r *rand.Rand) string {
	var b strings.Builder
	for range 2 + r.IntN(3) {
		i := r.IntN(len(syllables)/3) * 3
		b.WriteString(syllables[i : i+2])
	}
	return b.String()
}
