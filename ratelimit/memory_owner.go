package ratelimit

import (
	"hash/maphash"
	"maps"

	"github.com/cpodkit/cpodkit/internal/refill"
	"github.com/cpodkit/cpodkit/internal/shares"
)

const (
	// roomRounds is how often roomSlots are looked at for a bucket of the tenant whose
	// turn it is to lose one.
	roomRounds = 4

	// maxForgotten bounds shard.forgotten.
	maxForgotten = 64
)

// owner stands for a tenant: some bits of its hash. Two share what they may hold with a
// chance of 1 to 2^31. It is never 0.
type owner uint32

// ownerClass is an owner and a class of windows.
type ownerClass struct {
	owner owner
	class int32
}

// TenantOf is for drivers that give tenants shares: it returns the part of a key that
// names the tenant of its bucket. The keys of a [Handle], and those of policies by
// tenant, app or identity, are their tenant's. All keys of another policy have one name,
// which is no tenant's. So have all other keys without a slash.
func TenantOf(key string) string {
	from, to := tenantIn(key)
	return key[from:to]
}

// maxTenant is the most bytes of an encoded id.
const maxTenant = 64

// tenantIn returns where in a key its tenant is.
func tenantIn[K string | []byte](key K) (from, to int) {
	if len(key) == 0 || key[0] != '$' {
		for i := range min(len(key), maxTenant+1) {
			if key[i] == '/' {
				return 0, i
			}
		}
		return 0, 0
	}
	const slashes = 4 // of a keyspace
	for i, n := 0, 0; i < len(key); i++ {
		if key[i] != '/' {
			continue
		}
		if n++; n == slashes {
			return tenantOfPart(key, i+1)
		}
	}
	return 0, 1
}

// tenantOfPart returns where the tenant of appendTenant is in a policy's key, whose part
// begins at. It may be the first one of a [Combine]. For another part it returns where the
// name of the policy is.
func tenantOfPart[K string | []byte](key K, at int) (from, to int) {
	i := at
	for i < len(key) && '0' <= key[i] && key[i] <= '9' {
		i++
	}
	if i > at && i < len(key) && key[i] == ':' {
		i++
	} else {
		i = at
	}
	if i < len(key) && key[i] == '{' {
		for to := i + 1; to < len(key); to++ {
			if key[to] == '}' {
				return i + 1, to
			}
		}
	}
	return 0, at
}

func ownerFrom(sum uint64) owner { return owner(sum) | 1 }

func (m *Memory) ownerOf(key string) owner {
	from, to := tenantIn(key)
	return ownerFrom(maphash.String(m.seed, key[from:to]))
}

// ownerOfBytes is the owner of string(key).
func (m *Memory) ownerOfBytes(key []byte) owner {
	from, to := tenantIn(key)
	return ownerFrom(maphash.Bytes(m.seed, key[from:to]))
}

// count begins to count what owners hold.
func (s *shard) count() {
	s.held = map[owner]int32{}
	for i := range s.slots {
		if s.slots[i].key != 0 {
			s.held[s.owners[i]]++
		}
	}
}

func (s *shard) release(o owner) {
	if s.held == nil {
		return
	}
	if s.held[o]--; s.held[o] == 0 {
		delete(s.held, o)
	}
}

// makeRoom forgets buckets that are full again, or else one that is not, for a new one of
// o.
func (s *shard) makeRoom(o owner, now int64) {
	if s.held == nil {
		s.count()
	}
	v := victim{shard: s, of: o, now: now, held: s.held[o], isOver: int(s.held[o]) >= max(s.maxKeys/shares.Fraction, 1)}
	for round := 0; s.keys >= s.maxKeys && !v.found(round); round++ {
		s.sweep(roomSlots, now, v.look)
	}
	if s.keys < s.maxKeys {
		return
	}
	b := &s.slots[v.at]
	s.forget(ownerClass{s.owners[v.at], windowClass(b.window)}, now+b.left(now).RoundedUp(), now)
	s.remove(v.at)
}

// victim is the bucket that is best forgotten for a new one, of those that were looked
// at: of a tenant that is over its share, its own; else of the tenant that holds most, or
// at least no less. Among those of one tenant it is the one that is nearest to full.
type victim struct {
	shard  *shard
	of     owner
	now    int64
	held   int32 // by of
	isOver bool

	at      int
	missing float64 // of the bucket there
	most    int32   // held by its owner; 0 for none yet

	last     owner // that was looked at, and what it holds: often one has most of them
	lastHeld int32
}

// found reports whether the search is over: after some rounds, any bucket will do, for a
// tenant that holds about as much as every other one.
func (v *victim) found(round int) bool {
	return v.most > v.held || v.most > 0 && (v.isOver || round >= roomRounds)
}

func (v *victim) look(at int) {
	s, o := v.shard, v.shard.owners[at]
	held := v.held
	if o != v.of {
		if v.isOver {
			return
		}
		if o != v.last {
			v.last, v.lastHeld = o, s.held[o]
		}
		held = v.lastHeld
	}
	if held < v.most {
		return
	}
	if missing := s.slots[at].missing(v.now); held > v.most || missing < v.missing {
		v.at, v.missing, v.most = at, missing, held
	}
}

// forget notes that a bucket was forgotten which would have been full at until.
func (s *shard) forget(of ownerClass, until, now int64) {
	if s.forgotten == nil {
		s.forgotten = map[ownerClass]int64{}
	}
	if before, known := s.forgotten[of]; known {
		s.forgotten[of] = max(before, until)
		return
	}
	if len(s.forgotten) >= maxForgotten {
		maps.DeleteFunc(s.forgotten, func(_ ownerClass, until int64) bool { return until <= now })
	}
	if len(s.forgotten) < maxForgotten {
		s.forgotten[of] = until
		return
	}
	s.forgottenOfAll[of.class] = max(s.forgottenOfAll[of.class], until)
}

// unknown is the bucket of a key of o that is not in the table.
func (s *shard) unknown(o owner, r refill.Rate, now int64) fill {
	class := windowClass(r.Window)
	until := s.forgottenOfAll[class]
	if len(s.forgotten) > 0 {
		until = max(until, s.forgotten[ownerClass{o, class}])
	}
	return newFill(r, refill.Wait{Units: min(max(until-now, 0), r.Window)}, now)
}
