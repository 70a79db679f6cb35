package kvtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cpodkit/cpodkit/storage/kv"
)

// testErase runs on every driver that is a [kv.Eraser].
func testErase(s *suite) {
	eraser, ok := s.driver.(kv.Eraser)
	if !ok {
		s.Skip("the driver is no Eraser")
	}
	prefix := s.key("t[1]*?/")
	var inside, outside []string
	for i := range 2500 {
		inside = append(inside, fmt.Sprintf("%sapps/a/%d", prefix, i))
	}
	for _, name := range []string{"users/u/apps/a/x", "x", "[", `\`, "*", "日本", strings.Repeat("k", 512)} {
		inside = append(inside, prefix+name)
	}
	for _, name := range []string{
		"t[1]*?", "t[1]*?x/a", "t[1]*/a", "t[1]*0/a", "t1xx/a", "t[1]xx/a", "t1*?/a", "T[1]*?/a", "t[1]*?.", "t[1]*?0", "xt[1]*?/a", "a",
		"x/t[1]*?/a", strings.TrimSuffix(prefix, "/"),
	} {
		outside = append(outside, s.key(name))
	}
	for i, key := range append(inside, outside...) {
		s.set(key, key, time.Duration(i%2)*time.Hour)
	}
	count := func(want int) {
		s.Helper()
		if n, err := eraser.Count(s.ctx, prefix); err != nil || n != int64(want) {
			s.Errorf("Count = %d, %v; want %d", n, err, want)
		}
	}
	for _, bad := range []string{"", "/", s.key("t[1]*?"), "../", s.space + "../", "a//", "\x00/"} {
		if n, err := eraser.Erase(s.ctx, bad); err == nil || n != 0 {
			s.Errorf("Erase(%q) = %d, %v; want an error", bad, n, err)
		}
		if _, err := eraser.Count(s.ctx, bad); err == nil {
			s.Errorf("Count(%q) succeeded", bad)
		}
	}
	count(len(inside))
	n, err := eraser.Erase(s.ctx, prefix+"users/u/")
	if err != nil || n != 1 {
		s.Errorf("Erase of a user = %d, %v; want 1", n, err)
	}
	s.wantNone(prefix + "users/u/apps/a/x")
	count(len(inside) - 1)
	if n, err = eraser.Erase(s.ctx, prefix); err != nil || n != int64(len(inside)-1) {
		s.Errorf("Erase = %d, %v; want %d", n, err, len(inside)-1)
	}
	count(0)
	for i := 0; i < len(inside); i += 50 {
		s.wantNone(inside[i])
	}
	for _, key := range outside {
		s.wantValue(key, key)
	}
	if n, err = eraser.Erase(s.ctx, prefix); err != nil || n != 0 {
		s.Errorf("Erase again = %d, %v; want 0", n, err)
	}
	s.set(inside[0], "again", 0)
	s.wantValue(inside[0], "again")
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	if _, err := eraser.Erase(ended, prefix); !errors.Is(err, context.Canceled) {
		s.Errorf("with a context that has ended: %v", err)
	}
	s.wantValue(inside[0], "again")
	if _, err := eraser.Erase(s.ctx, prefix); err != nil {
		s.Error(err)
	}
}
