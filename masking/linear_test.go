package masking_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestLinear holds that the time of a text of twice the length is about twice the time, for
// texts that make each rule look as far as it can.
func TestLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	m := newMasker(t)
	dst := make([]byte, 0, 4<<20)
	measure := func(text string) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			dst = m.AppendMasked(dst[:0], text)
			best = min(best, time.Since(start))
		}
		return best
	}
	for _, unit := range []string{
		"a", "@", "a@", "a.", "a@a.", "1", "1 ", "1-", "1.", "12:", ":", "::", "a:", "+1 ", "(1", "=", "a=", "password=", "password: ", "token=\"",
		"?a=", "?token=a&", "https://", "https://a:b@", "https://a@a@", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "ghp_", "sk-", "a_", "a-", "-----BEGIN PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\n", "-----END ", "Bearer ", "Basic QUFB", "A", "A ", "Alice ", "Alice-", "Alice de ", "De ", "Mr ", "Call ", "Alice.", "Alice Smith, ",
		"É", "é", "：", "密码：", "电话", "٣", "\xff", "\xe2\x82", "]", "[NAME] ", "[", "born ", "born 1980-01-01 ", "12 May ", "12 May 1980 ", "May 12, 1980 ", "SSN 123456789 ",
		"ssn ", "123-45-6789 ", "4111 1111 1111 1111 ", "4111", "DE89 3704 ", "DE", "bc1q", "0x", "1A1z", "12345678-", "w", "passw", "password is ", "pwd ", "ext. ", "x1",
		"2001:db8:", "00:1a:", "00-1a-", "\"", "\"a\":", "\\\"", "\n", " ", "年", "1980年1月",
	} {
		text := strings.Repeat(unit, 1+(32<<10)/len(unit))
		once, twice := measure(text), measure(text+text)
		// 2.5 times is the bar; a busy machine gets three looks and some room.
		for try := 0; twice > once*5/2+time.Millisecond && try < 3; try++ {
			once, twice = max(once, measure(text)), min(twice, measure(text+text))
		}
		if twice > once*5/2+time.Millisecond {
			t.Errorf("%q: %s for %d bytes, %s for twice as many", unit, once, len(text), twice)
		}
		if speed := float64(len(text)) / once.Seconds() / 1e6; speed < 5 {
			t.Log(fmt.Sprintf("%q: %.1f MB/s", unit, speed))
		}
	}
}
