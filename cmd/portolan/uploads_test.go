package main

import (
	"testing"
	"time"
)

func TestParseSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"7d": "2026-03-03T12:00:00Z", "12h": "2026-03-10T00:00:00Z", "0d": "2026-03-10T12:00:00Z", "90m": "2026-03-10T10:30:00Z",
		"2026-01-31": "2026-01-31T00:00:00Z", "2026-01-31T10:00:00+02:00": "2026-01-31T08:00:00Z",
		"": "", "7": "", "-1h": "", "-1d": "", "1.5d": "", "yesterday": "",
	} {
		got, err := parseSince(text, now)
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
}

func TestWho(t *testing.T) {
	t.Parallel()
	for want, uploader := range map[string]map[string]string{
		"":          nil,
		"alice":     {"user": "alice", "host": "laptop"},
		"ci":        {"token": "ci", "as": "bob", "address": "192.0.2.1:2"},
		"192.0.2.1": {"address": "192.0.2.1"},
	} {
		if got := who(uploader); got != want {
			t.Errorf("%v: got %q, want %q", uploader, got, want)
		}
	}
}
