package filestest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
)

// wantRefused checks that a Put fails its condition, and does so before it asks
// for more of the body than it must.
func (s *suite) wantRefused(short string, opts files.PutOptions) {
	s.Helper()
	if _, err := s.putOpts(short, "refused", opts); !errors.Is(err, cpodkit.CodePreconditionFailed) {
		s.Errorf("Put(%q, %+v) = %v; want precondition_failed", short, opts, err)
	}
}

func testIfAbsent(s *suite) {
	if _, err := s.putOpts("a/lock", "mine", files.PutOptions{IfAbsent: true}); err != nil {
		s.Fatal(err)
	}
	s.wantRefused("a/lock", files.PutOptions{IfAbsent: true})
	s.wantContent("a/lock", "mine")
	if err := s.driver.Delete(s.ctx, s.name("a/lock")); err != nil {
		s.Fatal(err)
	}
	if _, err := s.putOpts("a/lock", "again", files.PutOptions{IfAbsent: true}); err != nil {
		s.Error(err)
	}
	s.wantContent("a/lock", "again")
}

func testIfMatch(s *suite) {
	refused := []files.PutOptions{
		{IfMatch: "nothing"}, {IfMatch: "nothing", IfPresent: true}, {IfMatch: "nothing", IfAbsent: true},
		{IfPresent: true, IfAbsent: true},
		{IfMatch: "*"}, {IfMatch: "*", IfPresent: true}, // an ETag like any other
	}
	for _, opts := range append(refused, files.PutOptions{IfPresent: true}) {
		s.wantRefused("a/b", opts)
	}
	s.wantEmpty()
	first := s.put("a/b", "one")
	for _, opts := range append(refused, files.PutOptions{IfMatch: first.ETag, IfAbsent: true}) {
		s.wantRefused("a/b", opts)
	}
	s.wantContent("a/b", "one")
	second, err := s.putOpts("a/b", "two", files.PutOptions{IfMatch: first.ETag})
	if err != nil {
		s.Fatal(err)
	}
	s.wantRefused("a/b", files.PutOptions{IfMatch: first.ETag})
	s.wantContent("a/b", "two")
	s.wantAttributes("a/b", second)
	third, err := s.putOpts("a/b", "three", files.PutOptions{IfPresent: true})
	if err != nil {
		s.Error(err)
	}
	s.wantContent("a/b", "three")
	if _, err := s.putOpts("a/b", "four", files.PutOptions{IfPresent: true, IfMatch: third.ETag}); err != nil {
		s.Error(err)
	}
	s.wantContent("a/b", "four")
}

func testIfAbsentHasOneWinner(s *suite) { s.wantOneWinner(files.PutOptions{IfAbsent: true}) }

func testIfMatchHasOneWinner(s *suite) {
	first := s.put("deep/contended", "first")
	s.wantOneWinner(files.PutOptions{IfMatch: first.ETag})
}

// wantOneWinner lets 32 writers put the same file under the same condition.
func (s *suite) wantOneWinner(opts files.PutOptions) {
	s.Helper()
	var wg sync.WaitGroup
	var winner atomic.Pointer[string]
	begin := make(chan struct{})
	for i := range 32 {
		wg.Go(func() {
			<-begin
			content := fmt.Sprint("writer ", i)
			_, err := s.putOpts("deep/contended", content, opts)
			switch {
			case err == nil:
				if !winner.CompareAndSwap(nil, &content) {
					s.Errorf("%s won after another", content)
				}
			case !errors.Is(err, cpodkit.CodePreconditionFailed):
				s.Errorf("%s: %v", content, err)
			}
		})
	}
	close(begin)
	wg.Wait()
	if winner.Load() == nil {
		s.Fatal("nobody won")
	}
	s.wantContent("deep/contended", *winner.Load())
}
