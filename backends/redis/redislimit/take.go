package redislimit

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/cpodkit/cpodkit/internal/refill"
	"github.com/cpodkit/cpodkit/ratelimit"
)

//go:embed take.lua
var takeSource string

// answer is what the script said, as it packed it: how long each bucket takes to be
// full, and whether it took.
type answer string

const numberSize = 8

// run runs the script. A negative cost gives back.
func (d *Driver) run(ctx context.Context, buckets []ratelimit.Bucket, cost int64) (answer, error) {
	release, err := d.guard.Share(ctx, ratelimit.TenantOf(buckets[0].Key))
	if err != nil {
		return "", err
	}
	defer release()
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
		if !fits(rateOf(b.Limit), a.left(i)) {
			return "", fmt.Errorf("redislimit: the script answered what no bucket of %d tokens in %v says", b.Limit.Tokens, b.Limit.Window)
		}
	}
	return a, nil
}

func (a answer) took() bool { return a.number(len(a)/numberSize-1) == 1 }

func (a answer) left(bucket int) refill.Wait {
	return refill.Wait{Units: a.number(2 * bucket), Parts: a.number(2*bucket + 1)}
}

func (a answer) number(i int) int64 {
	at := numberSize * i
	return int64(math.Float64frombits(binary.LittleEndian.Uint64([]byte(a[at : at+numberSize]))))
}

// packed is what the script wants to know of a bucket.
func packed(limit ratelimit.Limit, cost int64) []byte {
	r := rateOf(limit)
	w := r.Wait(max(cost, -cost))
	if cost < 0 {
		w = refill.Wait{Units: -w.Units, Parts: -w.Parts}
	}
	arg := make([]byte, 0, 4*numberSize)
	for _, n := range [...]int64{r.Tokens, r.Window, w.Units, w.Parts} {
		arg = binary.LittleEndian.AppendUint64(arg, math.Float64bits(float64(n)))
	}
	return arg
}
