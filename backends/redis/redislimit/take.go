package redislimit

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cpodkit/cpodkit/ratelimit"
)

//go:embed take.lua
var takeSource string

// answer is what the script said, as it packed it: whether it took, and how long
// each bucket takes to be full.
type answer string

const numberSize = 8

// run runs the script. A negative cost gives back.
func (d *Driver) run(ctx context.Context, buckets []ratelimit.Bucket, cost int64) (answer, error) {
	keys, args := make([]string, len(buckets)), make([]any, len(buckets))
	for i := range buckets {
		keys[i], args[i] = d.prefix+buckets[i].Key, packed(buckets[i].Limit, cost)
	}
	reply, err := d.guard.Run(ctx, d.script, keys, args...)
	if err != nil {
		return "", err
	}
	text, ok := reply.(string)
	if !ok || len(text) != numberSize*(1+2*len(buckets)) {
		return "", fmt.Errorf("redislimit: the script answered %T for %d buckets", reply, len(buckets))
	}
	a := answer(text)
	for i, b := range buckets {
		if !a.wait(i).fits(b.Limit) {
			return "", fmt.Errorf("redislimit: the script answered what no bucket of %d tokens in %v says", b.Limit.Tokens, b.Limit.Window)
		}
	}
	return a, nil
}

func (a answer) took() bool { return a.number(0) == 1 }

func (a answer) wait(bucket int) wait { return wait{a.number(1 + 2*bucket), a.number(2 + 2*bucket)} }

func (a answer) number(i int) int64 {
	at := numberSize * i
	return int64(math.Float64frombits(binary.BigEndian.Uint64([]byte(a[at : at+numberSize]))))
}

// packed is what the script wants to know of a bucket.
func packed(limit ratelimit.Limit, cost int64) []byte {
	w := waitFor(limit, max(cost, -cost))
	if cost < 0 {
		w = wait{-w.micros, -w.parts}
	}
	arg := make([]byte, 0, 4*numberSize)
	for _, n := range [...]int64{limit.Tokens, window(limit), w.micros, w.parts} {
		arg = binary.BigEndian.AppendUint64(arg, math.Float64bits(float64(n)))
	}
	return arg
}
