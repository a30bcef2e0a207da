package main

import "testing"

func TestIsWeb(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"http://x": true, "https://x": true, "HTTP://x": true, "Https://x/y": true,
		"s3://http": false, "http": false, "folder": false, "file:///http://x": false,
	} {
		if got := isWeb(url); got != want {
			t.Errorf("isWeb(%q) = %t, want %t", url, got, want)
		}
	}
}
