package masking_test

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestLinear holds that a text of four times the length takes about four times as long, for
// texts that make each rule look as far as it can. It would be sixteen times if the time were
// quadratic; the bar is in the middle. The time is that of the processor where the system
// tells it, for the machine may be busy.
func TestLinear(t *testing.T) { //nolint:paralleltest // it measures time
	runtime.LockOSThread() // its time is measured
	defer runtime.UnlockOSThread()
	m := newMasker(t)
	dst := make([]byte, 0, 4<<20)
	measure := func(text string) time.Duration {
		best := time.Hour
		for range 2 {
			start := cpuTime()
			dst = m.AppendMasked(dst[:0], text)
			best = min(best, cpuTime()-start)
		}
		return best
	}
	for _, unit := range []string{
		"a", "@", "a@", "a.", "a@a.", "1", "1 ", "1-", "1.", "12:", ":", "::", "a:", "+1 ", "(1", "=", "a=", "password=", "password: ", "token=\"",
		"?a=", "?token=a&", "https://", "https://a:b@", "https://a@a@", "eyJ", "eyJhbGciOiJIUzI1NiJ9.", "ghp_", "sk-", "a_", "a-", "-----BEGIN PRIVATE KEY-----",
		"-----BEGIN PRIVATE KEY-----\n", "-----END ", "Bearer ", "Basic QUFB", "A", "A ", "Alice ", "Alice-", "Alice de ", "De ", "Mr ", "Call ", "Alice.", "Alice Smith, ",
		"É", "é", "：", "密码：", "电话", "٣", "\xff", "\xe2\x82", "]", "[NAME] ", "[", "born ", "born 1980-01-01 ", "12 May ", "12 May 1980 ", "May 12, 1980 ", "SSN 123456789 ",
		"ssn ", "123-45-6789 ", "4111 1111 1111 1111 ", "4111", "DE89 3704 ", "DE", "bc1q", "0x", "1A1z", "12345678-", "w", "passw", "password is ", "pwd ", "ext. ", "x1",
		"2001:db8:", "00:1a:", "00-1a-", "\"", "\"a\":", "\\\"", "\n", " ", "年", "1980年1月", "田中 ", "田中", "田中太郎さん", "ひ", "カナ", "タナカ・", "김철수 ", "王伟 ", "นาย", "नाम ",
		"<password>", "name=\"password\" value=", "value=", "dp.pt.", "a1.", "a.B", "dapi1", "123456789:A", ".atlasv1.", "Ma1.", "IDENTIFIED BY ", "aB", "nhsNumber ",
		"1.2.3.4 ", "1.2.3.4/", "0012.", "012 ", "09 15 ", "a-b-c-", "pwd: a-b-c ", "52998224725 CPF ", "13812345678", "[a][NAME", "-----BEGIN PRIVATE KEY-----[",
	} {
		text := strings.Repeat(unit, 1+(80<<10)/len(unit))
		fourfold := strings.Repeat(text, 4)
		once, more := measure(text), measure(fourfold)
		for try := 0; more > 8*once && try < 8; try++ {
			once, more = max(once, measure(text)), min(more, measure(fourfold))
		}
		if more > 8*once {
			t.Errorf("%q: %s for %d bytes, %s for four times as many", unit, once, len(text), more)
		}
		if speed := float64(len(text)) / once.Seconds() / 1e6; speed < 5 {
			t.Logf("%q: %.1f MB/s", unit, speed)
		}
	}
}
