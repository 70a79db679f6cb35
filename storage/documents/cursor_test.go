package documents_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func TestCursorIsBound(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	bob, otherApp, otherTenant := alice, alice, alice
	bob.UserID, otherApp.AppID, otherTenant.TenantID = "bob", "a2", "t2"
	joined := alice // the ids run together in the same way
	joined.AppID, joined.UserID = "a1alic", "e"

	for _, tier := range []string{"private", "user", "shared"} {
		for _, id := range []cpodkit.Identity{alice, bob, otherApp, otherTenant, joined} {
			for i := range 3 {
				b.call(id, "PUT", fmt.Sprintf("/v1/storage/db/c/k%d?tier=%s", i, tier), "1").want(t, 200, "")
			}
		}
	}
	for _, tier := range []string{"private", "user", "shared"} {
		_, cursor := b.do("POST", findPath+"?tier="+tier, `{"limit":1}`).page(t)
		body := `{"cursor":` + quote(cursor) + `}`
		if keys, _ := b.do("POST", findPath+"?tier="+tier, body).page(t); len(keys) != 2 {
			t.Fatalf("%s: the next page is %q", tier, keys)
		}
		for _, id := range []cpodkit.Identity{bob, otherApp, otherTenant, joined} {
			b.call(id, "POST", findPath+"?tier="+tier, body).want(t, 400, cpodkit.CodeInvalidCursor)
		}
		for _, other := range []string{"private", "user", "shared"} {
			if other != tier {
				b.do("POST", findPath+"?tier="+other, body).want(t, 400, cpodkit.CodeInvalidCursor)
			}
		}
		b.do("POST", "/v1/storage/db/d/query?tier="+tier, body).want(t, 400, cpodkit.CodeInvalidCursor)
		if _, err := b.store.For(alice).Tier("private").Collection("d").Query(t.Context(), documents.Query{Cursor: cursor}); cpodkit.CodeOf(err) != cpodkit.CodeInvalidCursor {
			t.Errorf("the handle takes a cursor of another collection: %v", err)
		}
	}

	other := newBackend(t) // has a secret of its own
	_, cursor := b.do("POST", findPath, `{"limit":1}`).page(t)
	other.do("POST", findPath, `{"cursor":`+quote(cursor)+`}`).want(t, 400, cpodkit.CodeInvalidCursor)
}

func TestCursorThatWasAltered(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	b.set("c/a", `{"v":1}`)
	b.set("c/b", `{"v":2}`)
	_, cursor := b.do("POST", findPath, `{"limit":1,"sort":{"v":1}}`).page(t)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	forged := []string{"", " ", "x", "null", "e30", "eyJhIjoxfQ==", cursor + "A", cursor + "=", "\n" + cursor, cursor[1:], cursor[:len(cursor)-1],
		cursor + cursor, strings.Repeat("A", 4096), strings.Repeat("A", 100_000), "\x00", "é"}
	for i := range cursor {
		for bit := range 6 {
			n := strings.IndexByte(alphabet, cursor[i]) ^ 1<<bit
			forged = append(forged, cursor[:i]+alphabet[n:n+1]+cursor[i+1:])
		}
	}
	for _, forgery := range forged {
		b.do("POST", findPath, `{"cursor":`+quote(forgery)+`}`).want(t, 400, cpodkit.CodeInvalidCursor)
	}
	if keys, _ := b.do("POST", findPath, `{"cursor":`+quote(cursor)+`}`).page(t); !slices.Equal(keys, []string{"b"}) {
		t.Errorf("the cursor itself finds %q", keys)
	}
}

func TestCursorCarriesTheQuery(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for i := range 20 {
		b.set(fmt.Sprintf("c/%02d", i), fmt.Sprintf(`{"n":%d,"even":%t}`, i, i%2 == 0))
	}
	_, cursor := b.do("POST", findPath, `{"filter":{"even":true},"sort":{"n":-1},"limit":2}`).page(t)
	for _, beside := range []string{
		``, `,"filter":{"even":false},"sort":{"n":1}`, `,"filter":{"..":1}`, `,"filter":[],"sort":"n"`, `,"sort":{"a":1,"b":1}`,
	} {
		keys, _ := b.do("POST", findPath, `{"limit":3,"cursor":`+quote(cursor)+beside+`}`).page(t)
		if got := strings.Join(keys, " "); got != "14 12 10" {
			t.Errorf("with %s beside it the cursor finds %q", beside, got)
		}
	}
	b.do("POST", findPath, `{"limit":0,"cursor":`+quote(cursor)+`}`).want(t, 422, cpodkit.CodeValidationFailed, "/limit")
	b.do("POST", findPath, `{"extra":0,"cursor":`+quote(cursor)+`}`).want(t, 422, cpodkit.CodeValidationFailed, "/extra")
}

// Documents that do not change appear exactly once, whatever happens to others
// between the pages.
func TestWalkWhileOthersWrite(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		b := newBackend(t)
		value := func() string {
			return [...]string{`{}`, `{"v":null}`, `{"v":true}`, `{"v":"x"}`, `{"v":[1]}`, `{"v":{"a":1}}`}[random.IntN(6)]
		}
		number := func() string { return fmt.Sprintf(`{"v":%d}`, random.IntN(5)) }
		stable := map[string]int{}
		for i := range 40 {
			key := "stable" + strconv.Itoa(i)
			stable[key] = 0
			b.set("c/"+key, [...]func() string{value, number}[i%2]())
			b.set("c/moving"+strconv.Itoa(i), number())
		}
		direction := 1 - 2*(round%2)
		keys, cursor := b.do("POST", findPath, fmt.Sprintf(`{"limit":7,"sort":[["v",%d]]}`, direction)).page(t)
		for {
			for _, key := range keys {
				if _, ok := stable[key]; ok {
					stable[key]++
				}
			}
			if cursor == "" {
				break
			}
			for range 10 {
				key := "moving" + strconv.Itoa(random.IntN(50))
				if random.IntN(3) == 0 {
					b.do("DELETE", "/v1/storage/db/c/"+key, "").want(t, 204, "")
				} else {
					b.set("c/"+key, number())
				}
			}
			keys, cursor = b.do("POST", findPath, `{"limit":7,"cursor":`+quote(cursor)+`}`).page(t)
		}
		for key, n := range stable {
			if n != 1 {
				t.Errorf("round %d: %s appears %d times", round, key, n)
			}
		}
	}
}

// A sort key is as long as a value may be, a cursor is not.
func TestWalkOverLongSortKeys(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	long := func(n int, end string) string { return fmt.Sprintf(`{"v":"%s%s","w":1}`, strings.Repeat("x", n), end) }
	k, l := strings.Repeat("k", 512), strings.Repeat("l", 512)
	for key, value := range map[string]string{
		"a": long(1<<20-100, "1"), "b": long(50_000, "2"), "c": long(50_000, "2"), "d": long(50_000, "2"), "e": long(5000, "1"),
		"f": long(5000, "0"), "g": long(1000, ""), "h": `{"v":"a"}`, "i": `{"v":"z"}`, "j": `{}`,
		k: long(2000, ""), l: long(2000, ""),
		"m": `{"v":[` + strings.Repeat("1,", 3000) + `1]}`, "n": `{"v":1` + strings.Repeat("0", 5000) + `}`,
	} {
		b.set("c/"+key, value)
	}
	for sort, want := range map[string][]string{
		`{"v":1}`:            {"j", "n", "h", "g", k, l, "f", "e", "b", "c", "d", "a", "i", "m"},
		`{"v":-1}`:           {"m", "i", "a", "b", "c", "d", "e", "f", k, l, "g", "h", "n", "j"},
		`[["w",1],["v",-1]]`: {"m", "i", "h", "n", "j", "a", "b", "c", "d", "e", "f", k, l, "g"},
		`[["w",-1],["v",1]]`: {"g", k, l, "f", "e", "b", "c", "d", "a", "j", "n", "h", "i", "m"},
	} {
		for _, limit := range []int{1, 3, 5, 100} {
			if got := walk(t, b, fmt.Sprintf(`{"limit":%d,"sort":%s}`, limit, sort)); !slices.Equal(got, want) {
				t.Errorf("%s in pages of %d is %.3q, want %.3q", sort, limit, got, want)
			}
		}
	}
}

// The end of a page whose sort keys are too long for a cursor is found again
// while one of the two documents there keeps its own.
func TestAnchoredCursor(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	value := func(n int) string { return fmt.Sprintf(`{"v":"%s%d"}`, long, n) }
	tie := value(7)
	const doc = "/v1/storage/db/c/"
	tests := []struct {
		name   string
		change func(b *backend)
		want   string // the keys from the second page on; "" for invalid_cursor
		ties   string // the same, when all sort keys are the same
	}{
		{"nothing", func(*backend) {}, "c d e", "c d e"},
		{"other members", func(b *backend) {
			b.set("c/b", strings.Replace(value(1), "{", `{"new":1,`, 1))
		}, "c d e", ""},
		{"last deleted", func(b *backend) { b.do("DELETE", doc+"b", "").want(b, 204, "") }, "c d e", "c d e"},
		{"last changed", func(b *backend) { b.set("c/b", `{"v":1}`) }, "c d e", "c d e"},
		{"last moved behind", func(b *backend) { b.set("c/b", `{"v":"z"}`) }, "c d e b", "c d e b"},
		{"next deleted", func(b *backend) { b.do("DELETE", doc+"c", "").want(b, 204, "") }, "d e", "d e"},
		{"new ones around", func(b *backend) {
			b.set("c/a0", value(0))
			b.set("c/c0", value(2))
			b.do("DELETE", doc+"b", "").want(b, 204, "")
		}, "c c0 d e", ""},
		{"both gone", func(b *backend) {
			b.do("DELETE", doc+"b", "").want(b, 204, "")
			b.do("DELETE", doc+"c", "").want(b, 204, "")
		}, "", ""},
		{"both changed", func(b *backend) {
			b.set("c/b", `{"v":1}`)
			b.set("c/c", `{"v":2}`)
		}, "", ""},
	}
	for _, test := range tests {
		for _, ties := range []bool{false, true} {
			want := test.want
			if ties {
				if want = test.ties; want == "" && test.want != "" {
					continue
				}
			}
			t.Run(fmt.Sprintf("%s/ties=%t", test.name, ties), func(t *testing.T) {
				t.Parallel()
				b := newBackend(t)
				for i, key := range []string{"a", "b", "c", "d", "e"} {
					v := value(i)
					if ties {
						v = tie
					}
					b.set("c/"+key, v)
				}
				keys, cursor := b.do("POST", findPath, `{"sort":{"v":1},"limit":2}`).page(t)
				if !slices.Equal(keys, []string{"a", "b"}) {
					t.Fatalf("the first page is %q", keys)
				}
				test.change(b)
				next := b.do("POST", findPath, `{"cursor":`+quote(cursor)+`}`)
				if want == "" {
					next.want(t, 400, cpodkit.CodeInvalidCursor)
					if !strings.Contains(next.Body.String(), "query again from the start") {
						t.Errorf("the refusal does not say what to do: %s", next.Body)
					}
					return
				}
				if keys, _ := next.page(t); strings.Join(keys, " ") != want {
					t.Errorf("the second page is %q, want %s", keys, want)
				}
			})
		}
	}
}

func TestFilterTooLongForACursor(t *testing.T) {
	t.Parallel()
	b := newBackend(t)
	for i := range 10 {
		b.set(fmt.Sprintf("c/%s%d", strings.Repeat("k", 511), i), fmt.Sprintf(`{"id":"id%d"}`, i))
	}
	filter := func(size int) string {
		s := `{"id":{"in":["id1","id2","id3","id4","`
		return s + strings.Repeat("x", size-len(s)-4) + `"]}}`
	}
	b.do("POST", findPath, `{"limit":3,"filter":`+filter(2100)+`}`).want(t, 422, cpodkit.CodeValidationFailed, "/filter")
	if keys, cursor := b.do("POST", findPath, `{"limit":4,"filter":`+filter(100_000)+`}`).page(t); len(keys) != 4 || cursor != "" {
		t.Errorf("one page holds %d documents, cursor %q", len(keys), cursor)
	}
	if keys := walk(t, b, `{"limit":1,"sort":{"id":1},"filter":`+filter(1900)+`}`); len(keys) != 4 {
		t.Errorf("the walk finds %d documents", len(keys))
	}
}
