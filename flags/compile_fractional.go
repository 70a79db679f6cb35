package flags

import (
	"encoding/json"
	"math"
)

// Bucketing is the member of a set's metadata that selects the arithmetic of rollouts.
// The value "v0.12" selects that of flagd's core v0.12 and before. Without the member it
// is the one that flagd has since (its pull request 1909).
const Bucketing = "bucketing"

// share is one variant of a fractional, and its weight.
type share struct {
	variant eval
	weight  eval // nil when it is literal
	literal int64
}

// maxWeights is the largest sum of weights.
const maxWeights = math.MaxInt32

// fractional compiles flagd's operator of that name: [bucketing value, [variant, weight],
// …]. Without a bucketing value the flag's key and the targeting key are it together.
// Its outcome is null where flagd's is: when there is nothing to hash, or a weight is no
// number, or the weights sum to nothing or to more than 2^31-1.
func (c *compiler) fractional(name string, operand any, at *place) node {
	elements, isArray := operand.([]any)
	if !isArray {
		c.fault(at, "%s takes an array: [bucketing value, [variant, weight], …]", name)
		return nothing(at)
	}
	key, first := eval(defaultBucketing), 0
	var operands []node
	if len(elements) > 0 {
		switch e := elements[0].(type) {
		case []any:
		case bool, json.Number:
			c.fault(at.element(0), "the bucketing value must be a rule or a string")
			return nothing(at)
		case nil:
			first = 1
		default:
			n := c.rule(e, at.element(0))
			operands, first = append(operands, n), 1
			key = func(e *env) value {
				if v := n.eval(e); v.kind != null {
					return v
				}
				return defaultBucketing(e)
			}
		}
	}
	shares, results, parts, ok := c.shares(name, elements, first, at)
	if !ok {
		return nothing(at)
	}
	return node{eval: divide(c.isV012, key, shares), results: results}.over(append(operands, parts...))
}

// shares compiles the variants and weights, from the element first on.
func (c *compiler) shares(name string, elements []any, first int, at *place) (all []share, results []result, parts []node, ok bool) {
	if len(elements) == first {
		c.fault(at, "%s needs at least one [variant, weight]", name)
		return nil, nil, nil, false
	}
	faults, sum, isLiteral := len(c.faults), int64(0), true
	for i, element := range elements[first:] {
		at := at.element(first + i)
		pair, isArray := element.([]any)
		if !isArray || len(pair) < 1 || len(pair) > 2 {
			c.fault(at, "must be an array: [variant], or [variant, weight]")
			continue
		}
		variant := c.rule(pair[0], at.element(0))
		s := share{variant: variant.eval, literal: 1}
		parts = append(parts, variant)
		results = append(results, variant.results...)
		if len(pair) == 2 {
			weight := c.rule(pair[1], at.element(1))
			parts = append(parts, weight)
			if weight.lit == nil {
				s.weight, isLiteral = weight.eval, false
			} else {
				s.literal = c.weight(*weight.lit, at.element(1))
			}
		}
		if s.weight == nil {
			sum += s.literal
		}
		all = append(all, s)
	}
	switch {
	case len(c.faults) > faults:
		return nil, nil, nil, false
	case sum > maxWeights:
		c.fault(at, "the weights sum to more than %d", maxWeights)
	case sum == 0 && isLiteral:
		c.fault(at, "the weights sum to nothing")
	}
	return all, results, parts, true
}

// weight checks a literal weight.
func (c *compiler) weight(v value, at *place) int64 {
	switch {
	case v.kind != number:
		c.fault(at, "a weight must be an integer or a rule")
	case v.num < 0:
		c.fault(at, "a weight must not be negative")
	case v.num != math.Trunc(v.num):
		c.fault(at, "a weight must be an integer")
	case v.num > maxWeights:
		c.fault(at, "a weight must be at most %d", maxWeights)
	default:
		return int64(v.num)
	}
	return 0
}

// defaultBucketing is the flag's key and the targeting key. It is null without a
// targeting key that is a text.
func defaultBucketing(e *env) value {
	key, ok := e.first(segment{TargetingKey, -1})
	if !ok || key.kind != text {
		return value{}
	}
	if e.scope != nil { // the element is all that rules see
		salt := e.lookup([]segment{{"$flagd", -1}, {"flagKey", -1}}, func(*env) value { return value{} })
		if salt.kind == text {
			key.str = salt.str + key.str
		}
		return key
	}
	return value{kind: text, str: key.str, ref: salted{}}
}

// salted marks a bucketing value that the flag's key comes before.
type salted struct{}

// hash returns the hash of a bucketing value.
func (e *env) hash(key value) uint32 {
	if key.ref == nil {
		return murmur3(key.str)
	}
	var buffer [128]byte // so that a usual key needs no allocation
	return murmur3(append(append(buffer[:0], e.flag.key...), key.str...))
}

// divide returns the rule that picks a share by the hash of key.
func divide(isV012 bool, key eval, shares []share) eval {
	pick := pickExact
	if isV012 {
		pick = pickV012
	}
	total, isLiteral := int64(0), true
	for _, s := range shares {
		total += s.literal
		isLiteral = isLiteral && s.weight == nil
	}
	if isLiteral {
		weights := make([]int64, len(shares))
		for i, s := range shares {
			weights[i] = s.literal
		}
		return func(e *env) value {
			bucketed := key(e)
			if bucketed.kind != text {
				return value{}
			}
			return pick(e, e.hash(bucketed), shares, weights, total)
		}
	}
	return func(e *env) value {
		bucketed := key(e)
		if bucketed.kind != text {
			return value{}
		}
		var buffer [8]int64
		weights, total := buffer[:0], int64(0)
		for _, s := range shares {
			weight, ok := s.weigh(e)
			if total += weight; !ok || total > maxWeights {
				return value{}
			}
			weights = append(weights, weight)
		}
		if total == 0 {
			return value{}
		}
		return pick(e, e.hash(bucketed), shares, weights, total)
	}
}

// weigh returns the weight of a share. A computed one is cut to an integer, and counts
// as 0 below that.
func (s share) weigh(e *env) (int64, bool) {
	if s.weight == nil {
		return s.literal, true
	}
	v := s.weight(e)
	if v.kind != number || math.IsNaN(v.num) || v.num > maxWeights {
		return 0, false
	}
	return int64(max(0, v.num)), true
}

func pickExact(e *env, hash uint32, shares []share, weights []int64, total int64) value {
	bucket := int64(uint64(hash) * uint64(total) >> 32)
	for i, weight := range weights {
		if bucket -= weight; bucket < 0 {
			return shares[i].variant(e)
		}
	}
	return value{} // not reached: the bucket is less than the sum
}

// pickV012 computes as flagd's core v0.12 does, its rounding included. The text "" says
// that no variant was left: it is none, so that the evaluation is an error there, too.
func pickV012(e *env, hash uint32, shares []share, weights []int64, total int64) value {
	bucket := math.Abs(float64(int32(hash))) / math.MaxInt32 * 100
	end := 0.0
	for i, weight := range weights {
		if end += 100 * float64(weight) / float64(total); bucket < end {
			return shares[i].variant(e)
		}
	}
	return textValue("")
}
