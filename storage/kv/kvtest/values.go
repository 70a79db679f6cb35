package kvtest

import (
	"strings"
	"time"
)

func testRoundTrip(s *suite) {
	values := []string{
		"", "0", "plain", " spaces at both ends ", "line\nline\r\n\ttab", "\x00", "nul\x00inside", "\xff\xfe not UTF-8",
		`{"userId":"usr-xxx","plan":"pro"}`, `quote " backslash \ percent % $1`, "Grüße, 世界 🌍", "1.0", "null",
		strings.Repeat("\x00\x01\x7f\x80\xff", 1000),
	}
	for i, value := range values {
		key := s.key("value" + string(rune('a'+i)))
		s.set(key, value, 0)
		s.wantValue(key, value)
	}
	for _, name := range []string{
		"a", "a/b", "a b", "a:b", "a%2Fb", "A", "a*", "a?", "[a]", "{a}", "{", "}a{", "{}a", "ключ", "🔑", `"`, `\`, "-", "$system",
		strings.Repeat("k", 512), strings.Repeat("ключ🔑", 50),
	} {
		key := s.key("names/" + name)
		s.set(key, "value of "+name, time.Hour)
		s.wantValue(key, "value of "+name)
	}
}

func testLargeValue(s *suite) {
	key := s.key("large")
	large := strings.Repeat("0123456789abcdef", 1<<20/16)
	s.set(key, large, 0)
	s.wantValue(key, large)
	almost := large[:len(large)-1] + "x"
	if removed, err := s.driver.Delete(s.ctx, key, &almost); err != nil || removed {
		s.Errorf("Delete of a large value if it is another = %v, %v; want false", removed, err)
	}
	if removed, err := s.driver.Delete(s.ctx, key, &large); err != nil || !removed {
		s.Errorf("Delete of a large value if it is that = %v, %v; want true", removed, err)
	}
	s.set(key, "small", 0)
	s.wantValue(key, "small")
}

func testSetReplaces(s *suite) {
	key := s.key("k")
	for _, value := range []string{"one", "a longer value than before", "", "1"} {
		s.set(key, value, 0)
		s.wantValue(key, value)
	}
}

func testMissing(s *suite) {
	key := s.key("none")
	s.wantNone(key)
	if removed, err := s.driver.Delete(s.ctx, key, nil); err != nil || removed {
		s.Errorf("Delete of nothing = %v, %v; want false", removed, err)
	}
	for _, value := range []string{"", "x"} {
		if removed, err := s.driver.Delete(s.ctx, key, &value); err != nil || removed {
			s.Errorf("Delete of nothing if it is %q = %v, %v; want false", value, removed, err)
		}
	}
	s.wantNone(key)
}

func testKeysAreIndependent(s *suite) {
	names := []string{"t1", "t1x", "t1/", "t1/a", "t1/a/b", "T1", "t1 ", " t1", "t1\u0301", "t\u00e9", "te\u0301"}
	for _, name := range names {
		s.set(s.key(name), name, 0)
	}
	for i, name := range names {
		for j, other := range names {
			if j < i {
				s.wantNone(s.key(other))
			} else {
				s.wantValue(s.key(other), other)
			}
		}
		if removed, err := s.driver.Delete(s.ctx, s.key(name), nil); err != nil || !removed {
			s.Errorf("Delete(%q) = %v, %v; want true", name, removed, err)
		}
	}
}

func testDelete(s *suite) {
	key := s.key("k")
	for _, ttl := range []time.Duration{0, time.Hour} {
		s.set(key, "x", ttl)
		if removed, err := s.driver.Delete(s.ctx, key, nil); err != nil || !removed {
			s.Errorf("Delete = %v, %v; want true", removed, err)
		}
		s.wantNone(key)
		if removed, err := s.driver.Delete(s.ctx, key, nil); err != nil || removed {
			s.Errorf("second Delete = %v, %v; want false", removed, err)
		}
	}
	// Nothing of the one before is left in a new entry.
	s.set(key, "y", 0)
	s.wantNoEnd(key)
}

func testDeleteIfValue(s *suite) {
	for _, value := range []string{"holder-7", "", "1", "with\x00nul", "\xff"} {
		key := s.key("k")
		s.set(key, value, time.Hour)
		for _, other := range []string{value + " ", value + "\x00", "other", "x" + value} {
			if removed, err := s.driver.Delete(s.ctx, key, &other); err != nil || removed {
				s.Errorf("Delete of %q if it is %q = %v, %v; want false", value, other, removed, err)
			}
		}
		s.wantValue(key, value)
		s.wantTTL(key, 0, time.Hour)
		if removed, err := s.driver.Delete(s.ctx, key, &value); err != nil || !removed {
			s.Errorf("Delete of %q if it is that = %v, %v; want true", value, removed, err)
		}
		s.wantNone(key)
	}
}
