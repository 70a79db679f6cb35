package masking_test

import (
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/masking"
)

const (
	prose = `The harbour was quiet when the first boats came back, long before the market opened. Nobody on the quay spoke much;
the nets were heavy and the wind had turned in the night. By noon the stalls along the wall were full of crabs, lemons and
bread, and the children of the fishermen ran between the crates as if the whole town belonged to them. There are places that
change with every season, and there are places where only the light changes. This one had kept its narrow streets, its bells
and its habit of closing every door at two in the afternoon.
`
	jsonLog = `{"time":"2026-11-30T16:35:49.123456Z","level":"INFO","msg":"request","method":"GET","path":"/v1/kv/settings/theme","status":200,"bytes":1532,"duration_ms":1.234,"requestId":"8c4a2dc4-b7c5-4f90-a1b2-c3d4e5f60718","route":"kv.get","version":"1.24.3"}
`
	mixed = `2026-11-30 16:35:49 INFO login user=alice@example.com ip=203.0.113.7 session ok after 12 ms, retry 3 of 5
Call Alice Johnson at 555-867-5309 before noon; her card 4111 1111 1111 1111 was declined for order 99812345.
{"email":"bob@example.org","ssn":"123-45-6789","password":"Tr0ub4dor&3","amount":19.99,"currency":"EUR"}
Please wire the deposit to DE89 3704 0044 0532 0130 00 and send the receipt to our office in the main street.
Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLXRva2Vu and then nothing else of note
The device 00:1a:2b:3c:4d:5e came back at 2001:db8::42 with version 1.24.3 of the agent and no further errors.
`
)

func benchmark(b *testing.B, text string) {
	b.Helper()
	m := newMasker(b)
	text = strings.Repeat(text, 1+1024/len(text))
	dst := make([]byte, 0, 2*len(text))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = m.AppendMasked(dst[:0], text)
	}
}

func BenchmarkProse(b *testing.B) { benchmark(b, prose) }
func BenchmarkJSON(b *testing.B)  { benchmark(b, jsonLog) }
func BenchmarkMixed(b *testing.B) { benchmark(b, mixed) }

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := masking.New(); err != nil {
			b.Fatal(err)
		}
	}
}
