package importer

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"time"
)

const (
	fewDates = 10          // versions; of fewer than that, all may be of one day
	together = time.Minute // how far apart the dates are that 'helm repo index' gives
)

// oneDate returns a warning if nearly all entries have one date: then it is when the
// index was made, and says nothing about the charts.
func oneDate(entries []Entry) string {
	var dates []time.Time
	for _, e := range entries {
		if !e.Created.IsZero() {
			dates = append(dates, e.Created)
		}
	}
	slices.SortFunc(dates, time.Time.Compare)
	most, when, first := 0, time.Time{}, 0
	for i, date := range dates {
		for date.Sub(dates[first]) > together {
			first++
		}
		if n := i - first + 1; n > most {
			most, when = n, dates[first]
		}
	}
	if most < fewDates || most*10 < len(entries)*9 {
		return ""
	}
	return fmt.Sprintf("%d of %d versions have the same date, %s, which is that of their index; "+
		"with --created-from archive, each gets the newest date in its archive. Dates of published versions do not change",
		most, len(entries), when.UTC().Format(time.DateOnly))
}

// oldest is before the first release of Helm that packaged charts. Programs that make
// archives whose bytes do not depend on the clock write earlier dates into them.
var oldest = time.Date(2015, 10, 1, 0, 0, 0, 0, time.UTC)

// newestIn returns the newest date of the files in an archive that was checked, and zero
// if none of them can be true.
func newestIn(archive []byte, now time.Time) (newest time.Time) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return time.Time{}
	}
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err == io.EOF {
			return newest.UTC()
		}
		if err != nil {
			return time.Time{}
		}
		if h.ModTime.After(newest) && h.ModTime.After(oldest) && !h.ModTime.After(now) {
			newest = h.ModTime
		}
	}
}
