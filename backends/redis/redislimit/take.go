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

// answer is what the script said: whether it took, and how long each bucket takes
// to be full.
type answer []any

// run runs the script. A negative cost gives back.
func (d *Driver) run(ctx context.Context, buckets []ratelimit.Bucket, cost int64) (answer, error) {
	keys, args := make([]string, len(buckets)), make([]any, len(buckets))
	for i := range buckets {
		keys[i], args[i] = d.prefix+buckets[i].Key, packed(buckets[i].Limit, cost)
	}
	reply, err := d.guard.Run(ctx, d.script, keys, args...)
	if err != nil {
		return nil, err
	}
	numbers, ok := reply.([]any)
	if !ok || len(numbers) != 1+2*len(buckets) {
		return nil, fmt.Errorf("redislimit: the script answered %T for %d buckets", reply, len(buckets))
	}
	for _, n := range numbers {
		if _, ok := n.(int64); !ok {
			return nil, fmt.Errorf("redislimit: the script answered %T", n)
		}
	}
	return numbers, nil
}

func (a answer) took() bool { return a.number(0) == 1 }

func (a answer) wait(bucket int) wait { return wait{a.number(1 + 2*bucket), a.number(2 + 2*bucket)} }

func (a answer) number(i int) int64 {
	n, _ := a[i].(int64) // checked by run
	return n
}

// packed is what the script wants to know of a bucket.
func packed(limit ratelimit.Limit, cost int64) []byte {
	w := waitFor(limit, max(cost, -cost))
	if cost < 0 {
		w = wait{-w.micros, -w.parts}
	}
	arg := make([]byte, 0, 32)
	for _, n := range [...]int64{limit.Tokens, window(limit), w.micros, w.parts} {
		arg = binary.BigEndian.AppendUint64(arg, math.Float64bits(float64(n)))
	}
	return arg
}
