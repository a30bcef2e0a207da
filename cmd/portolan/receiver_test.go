package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// receiver FOLDER FILE WORD: a server that is told of generations, as Flux is: it checks the
// signature, with the secret in FOLDER/secret, and keeps what it is told in FOLDER/told. It
// answers 503 while there is a file FOLDER/down. In the file, its URL takes the place of the
// word.
func receiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: receiver folder file word")
	}
	folder := ts.MkAbs(args[0])
	secret, err := os.ReadFile(filepath.Join(folder, "secret"))
	ts.Check(err)
	secret = bytes.TrimRight(secret, "\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		switch _, down := os.Stat(filepath.Join(folder, "down")); {
		case down == nil:
			http.Error(w, "not now, for "+r.URL.Path, http.StatusServiceUnavailable)
		case err != nil, r.Header.Get("X-Signature") != "sha256="+hex.EncodeToString(mac.Sum(nil)):
			http.Error(w, "unable to validate HMAC signature", http.StatusBadRequest)
		default:
			if err := os.WriteFile(filepath.Join(folder, "told"), append(body, '\n'), 0o666); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		}
	}))
	ts.Defer(server.Close)
	text, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), bytes.ReplaceAll(text, []byte(args[2]), []byte(server.URL)), 0o666))
}
