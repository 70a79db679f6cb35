package redislimit

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/cpodkit/cpodkit/ratelimit"
)

// group is the buckets that one script reaches: those whose keys have one hash
// tag.
type group struct {
	tag     string
	at      []int // places in the caller's buckets
	buckets []ratelimit.Bucket
	answer  answer
	err     error
}

func (d *Driver) group(buckets []ratelimit.Bucket) []group {
	var groups []group
	for i, b := range buckets {
		tag := hashTag(d.prefix + b.Key)
		at := slices.IndexFunc(groups, func(g group) bool { return g.tag == tag })
		if at < 0 {
			at = len(groups)
			groups = append(groups, group{tag: tag})
		}
		g := &groups[at]
		g.at, g.buckets = append(g.at, i), append(g.buckets, b)
	}
	return groups
}

// hashTag is the part of a key that decides where it lives: what stands between
// the first { and the next }, or all of it.
// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
func hashTag(key string) string {
	if _, after, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(after, "}"); ok && tag != "" {
			return tag
		}
	}
	return key
}

// takeGroups takes from all groups, and gives back where one of them refuses or
// fails.
func (d *Driver) takeGroups(ctx context.Context, buckets []ratelimit.Bucket, groups []group, cost int64) error {
	each(groups, func(g *group) { g.answer, g.err = d.run(ctx, g.buckets, cost) })
	var failed error
	all := true
	for i := range groups {
		failed = errors.Join(failed, groups[i].err)
		all = all && groups[i].took()
	}
	if !all && cost > 0 {
		// What was taken goes back, also when the caller has gone.
		ctx := context.WithoutCancel(ctx)
		each(groups, func(g *group) {
			if g.took() {
				// When this fails the tokens flow in again all the same.
				_, _ = d.run(ctx, g.buckets, -cost)
			}
		})
	}
	if failed != nil {
		return failed
	}
	for _, g := range groups {
		for i, b := range g.buckets {
			left := g.answer.left(i)
			if g.took() && !all {
				r := rateOf(b.Limit)
				left = r.Minus(left, r.Wait(cost))
			}
			buckets[g.at[i]].State = state(b.Limit, left, cost, all)
		}
	}
	return nil
}

func (g *group) took() bool { return g.err == nil && g.answer.took() }

func each(groups []group, do func(*group)) {
	var wg sync.WaitGroup
	for i := range groups {
		wg.Go(func() { do(&groups[i]) })
	}
	wg.Wait()
}
