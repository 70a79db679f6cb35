package client_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cpodkit/cpodkit/client"
)

func TestBadKeysAreNotSent(t *testing.T) {
	t.Parallel()
	keys := map[string]string{
		"empty":                 "",
		"dot":                   ".",
		"two dots":              "..",
		"leading dots":          "../secret",
		"dots in the middle":    "a/../b",
		"one dot in the middle": "a/./b",
		"trailing dots":         "a/..",
		"leading slash":         "/a",
		"trailing slash":        "a/",
		"empty segment":         "a//b",
		"only a slash":          "/",
		"line break":            "a\nb",
		"NUL":                   "a\x00b",
		"DEL":                   "a\x7fb",
		"C1 control":            "a\u0085b",
		"not UTF-8":             "a\xffb",
		"too long":              strings.Repeat("a/", 400) + "a",
	}
	c := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent: %s %s", r.Method, r.URL)
		return nil, errors.New("sent")
	}))
	files, db, kv := c.Storage.Files, c.Storage.DB.Collection("c"), c.Storage.KV
	ctx := t.Context()
	uses := map[string]func(key string) error{
		"files.Write":     func(k string) error { _, err := files.Write(ctx, k, strings.NewReader("x")); return err },
		"files.Read":      func(k string) error { _, err := files.Read(ctx, k); return err },
		"files.Stat":      func(k string) error { _, err := files.Stat(ctx, k); return err },
		"files.Delete":    func(k string) error { return files.Delete(ctx, k) },
		"files.URL":       func(k string) error { _, err := files.URL(ctx, k, 0); return err },
		"files.UploadURL": func(k string) error { _, err := files.UploadURL(ctx, k, 0); return err },
		"db.Set":          func(k string) error { _, err := db.Set(ctx, k, 1); return err },
		"db.Get":          func(k string) error { _, err := db.Get(ctx, k, new(any)); return err },
		"db.Delete":       func(k string) error { return db.Delete(ctx, k) },
		"db.Batch": func(k string) error {
			_, err := db.Batch(ctx, []client.Op{client.SetOp("fine", 1), client.DeleteOp(k)})
			return err
		},
		"kv.Set":      func(k string) error { return kv.Set(ctx, k, "v") },
		"kv.Get":      func(k string) error { _, _, err := kv.Get(ctx, k); return err },
		"kv.Exists":   func(k string) error { _, err := kv.Exists(ctx, k); return err },
		"kv.Incr":     func(k string) error { _, err := kv.Incr(ctx, k, 1); return err },
		"kv.TTL":      func(k string) error { _, _, err := kv.TTL(ctx, k); return err },
		"kv.Delete":   func(k string) error { return kv.Delete(ctx, k) },
		"kv.DeleteIf": func(k string) error { _, err := kv.DeleteIf(ctx, k, "v"); return err },
	}
	for useName, use := range uses {
		for keyName, key := range keys {
			err := use(key)
			refused, ok := errors.AsType[*client.ValidationError](err)
			if !ok || refused.Code != "invalid_key" || refused.Status != 0 {
				t.Errorf("%s, %s: got %v, want invalid_key", useName, keyName, err)
			}
		}
	}
}

func TestBadCallsAreNotSent(t *testing.T) {
	t.Parallel()
	c := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent: %s %s", r.Method, r.URL)
		return nil, errors.New("sent")
	}))
	ctx := t.Context()
	files, kv, db := c.Storage.Files, c.Storage.KV, c.Storage.DB
	write := func(options ...client.WriteOption) error {
		_, err := files.Write(ctx, "k", strings.NewReader("x"), options...)
		return err
	}
	list := func(prefix string) error { _, err := files.List(ctx, prefix); return err }
	collection := func(name string) error { _, err := db.Collection(name).Query(ctx, client.Query{}); return err }
	batch := func(ops ...client.Op) error { _, err := db.Collection("c").Batch(ctx, ops); return err }
	url := func(life time.Duration) error { _, err := files.URL(ctx, "k", life); return err }
	getApp := func(id string) error { _, err := c.Apps.Get(ctx, id); return err }

	for name, err := range map[string]error{
		"file segment too long":   func() error { _, err := files.Read(ctx, strings.Repeat("a", 201)); return err }(),
		"unknown tier of files":   func() error { _, err := files.Tier("public").Read(ctx, "k"); return err }(),
		"unknown tier of lists":   func() error { _, err := files.Tier("public").List(ctx, ""); return err }(),
		"unknown tier of URLs":    func() error { _, err := files.Tier("public").URL(ctx, "k", 0); return err }(),
		"unknown tier of keys":    kv.Tier("Private").Delete(ctx, "k"),
		"unknown tier of a query": func() error { _, err := db.Collection("c").Tier("x").Query(ctx, client.Query{}); return err }(),
		"two conditions":          write(client.IfAbsent(), client.IfMatch("e")),
		"tag with a quote":        write(client.IfMatch(`a"b`)),
		"empty tag":               write(client.IfMatch("")),
		"tag with a line break":   write(client.IfMatch("a\nb")),
		"type with a line break":  write(client.ContentType("a/b\r\nX: y")),
		"prefix out of the tier":  list("../other/"),
		"prefix from the root":    list("/a"),
		"prefix with a gap":       list("a//b"),
		"prefix with a NUL":       list("a\x00"),
		"prefix too long":         list(strings.Repeat("a", 701)),
		"collection, empty":       collection(""),
		"collection, dots":        collection(".."),
		"collection, slash":       collection("a/b"),
		"collection, letter":      collection("é"),
		"collection, too long":    collection(strings.Repeat("a", 65)),
		"no steps":                batch(),
		"501 steps":               batch(make([]client.Op, 501)...),
		"empty step":              batch(client.Op{}),
		"step that is not JSON":   batch(client.SetOp("k", func() {})),
		"URL for too long":        url(7*24*time.Hour + 1),
		"URL for less than none":  url(-1),
		"value that is not JSON":  func() error { _, err := db.Collection("c").Set(ctx, "k", make(chan int)); return err }(),
		"text that is not UTF-8":  kv.Set(ctx, "k", "\xff"),
		"bytes that are not text": kv.Set(ctx, "k", []byte{0xff}),
		"no time to live":         kv.Set(ctx, "k", "v", client.TTL(0)),
		"too long to live":        kv.Set(ctx, "k", "v", client.TTL(100*365*24*time.Hour)),
		"app id, empty":           getApp(""),
		"app id, dots":            c.Apps.Delete(ctx, ".."),
		"app id, control":         getApp("a\nb"),
		"app id, too long":        getApp(strings.Repeat("a", 65)),
		"introspect by API key":   func() error { _, err := c.Introspect(ctx, "token"); return err }(),
		"revoke by API key":       c.Revoke(ctx, "token"),
	} {
		refused, ok := errors.AsType[*client.ValidationError](err)
		if !ok || refused.Status != 0 || refused.Code == "" {
			t.Errorf("%s: got %v, want a ValidationError with a code, and nothing sent", name, err)
		}
	}
}
