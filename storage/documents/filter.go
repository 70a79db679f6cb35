package documents

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage"
)

// Limits of a [Query].
const (
	MaxConditions = 32
	MaxOperands   = 100 // of "in"
	MaxSort       = 8
)

// operators are the members of an operator object.
func operators() []string {
	return []string{"eq", "ne", "gt", "gte", "lt", "lte", "in", "exists"}
}

// parsedQuery is what a query asks for.
type parsedQuery struct {
	filter     []byte // compact JSON; conditions is what it means
	conditions []Condition
	order      []Order
	apps       storage.Apps
}

// parser reads the parts of a query and notes all that is wrong with them.
type parser struct {
	query  parsedQuery
	faults []cpodkit.FieldError
}

func (p *parser) fault(pointer, format string, args ...any) {
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, fault(pointer, format, args...))
	}
}

func (p *parser) err() error {
	if len(p.faults) == 0 {
		return nil
	}
	return cpodkit.ValidationError(p.faults...)
}

// filter reads a JSON object that maps dotted paths to what they must be. Nil,
// "null" and {} let everything pass.
func (p *parser) filter(raw []byte) {
	const pointer = "/filter"
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	compact, faults, err := compactJSON(raw, pointer)
	if err != nil {
		p.fault(pointer, "cannot be read: %s", err)
		return
	}
	if len(faults) > 0 {
		p.faults = append(p.faults, faults...)
		return
	}
	members, ok := object(compact)
	if !ok {
		p.fault(pointer, "must be an object that maps dotted paths to values")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		at := pointer + "/" + token(name)
		path, err := ParsePath(name)
		if err != nil {
			p.fault(at, "is not a path: %s", err)
			continue
		}
		p.member(path, members[name], at)
	}
	if n := len(p.query.conditions); n > MaxConditions {
		p.fault(pointer, "holds %d conditions; at most %d are allowed", n, MaxConditions)
	}
	p.query.filter = compact
}

// member reads one member of a filter: a value, or an object of operators.
func (p *parser) member(path Path, raw json.RawMessage, at string) {
	members, _ := object(raw)
	known := 0
	for name := range members {
		if slices.Contains(operators(), name) {
			known++
		}
	}
	switch {
	case known == 0:
		p.compare(path, Equal, raw, at)
	case known < len(members):
		p.fault(at, `mixes operators (%s) with other members; to compare with this object as a whole write {"eq": {…}}`,
			strings.Join(operators(), ", "))
	default:
		for _, name := range operators() {
			if operand, given := members[name]; given {
				p.operator(path, name, operand, at+"/"+name)
			}
		}
	}
}

func (p *parser) operator(path Path, name string, operand json.RawMessage, at string) {
	switch name {
	case "eq":
		p.compare(path, Equal, operand, at)
	case "ne":
		p.compare(path, NotEqual, operand, at)
	case "in":
		p.in(path, operand, at)
	case "exists":
		switch string(operand) {
		case "true":
			p.add(Condition{Path: path, Test: Exists})
		case "false":
			p.add(Condition{Path: path, Test: Missing})
		default:
			p.fault(at, "must be true or false")
		}
	default:
		p.bound(path, name, operand, at)
	}
}

func (p *parser) add(c Condition) { p.query.conditions = append(p.query.conditions, c) }

func (p *parser) compare(path Path, test Test, raw json.RawMessage, at string) {
	if key, ok := p.key(raw, at); ok {
		p.add(Condition{Path: path, Test: test, Keys: []SortKey{key}})
	}
}

func (p *parser) in(path Path, raw json.RawMessage, at string) {
	var operands []json.RawMessage
	if json.Unmarshal(raw, &operands) != nil || len(operands) == 0 || len(operands) > MaxOperands {
		p.fault(at, "must be an array of 1 to %d values", MaxOperands)
		return
	}
	keys := make([]SortKey, 0, len(operands))
	for i, operand := range operands {
		if key, ok := p.key(operand, fmt.Sprintf("%s/%d", at, i)); ok {
			keys = append(keys, key)
		}
	}
	p.add(Condition{Path: path, Test: In, Keys: keys})
}

// bound reads gt, gte, lt or lte. The other end of the range is that of the
// operand's type, so that no other type lies in it.
func (p *parser) bound(path Path, name string, raw json.RawMessage, at string) {
	if c := raw[0]; c == 'n' || c == '[' || c == '{' {
		p.fault(at, "must be a number, a string or a boolean: null, arrays and objects have no range")
		return
	}
	key, ok := p.key(raw, at)
	if !ok {
		return
	}
	low, high := key.TypeRange()
	c := Condition{Path: path, Test: Range, Keys: []SortKey{low, high}, OpenHigh: true}
	switch name {
	case "gt":
		c.Keys[0], c.OpenLow = key, true
	case "gte":
		c.Keys[0] = key
	case "lt":
		c.Keys[1] = key
	case "lte":
		c.Keys[1], c.OpenHigh = key, false
	}
	p.add(c)
}

func (p *parser) key(raw json.RawMessage, at string) (SortKey, bool) {
	key, err := KeyOf(raw)
	if err != nil {
		p.fault(at, "is no value to compare with")
		return "", false
	}
	return key, true
}

// sort reads {path: 1 or -1} with one member, or a list of [path, 1 or -1]. Nil
// and "null" are no order but that of the keys.
func (p *parser) sort(raw []byte) {
	const pointer = "/sort"
	if len(raw) == 0 || string(raw) == "null" {
		return
	}
	if members, ok := object(raw); ok {
		if len(members) != 1 {
			p.fault(pointer, "must have exactly one member, as an object has no order; write [[path, 1], …] for more")
			return
		}
		for name, direction := range members {
			at := pointer + "/" + token(name)
			p.order(name, direction, at, at)
		}
		return
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		p.fault(pointer, "must be {path: 1 or -1} or a list of [path, 1 or -1]")
		return
	}
	if !p.sortFits(len(list)) {
		return
	}
	for i, member := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		var pair []json.RawMessage
		var name *string
		if json.Unmarshal(member, &pair) != nil || len(pair) != 2 || json.Unmarshal(pair[0], &name) != nil || name == nil {
			p.fault(at, "must be [path, 1 or -1]")
			continue
		}
		p.order(*name, pair[1], at+"/0", at+"/1")
	}
}

// order reads one member of a sort.
func (p *parser) order(name string, direction json.RawMessage, atName, atDirection string) {
	path, err := ParsePath(name)
	if err != nil {
		p.fault(atName, "is not a path: %s", err)
		return
	}
	if d := string(direction); d != "1" && d != "-1" {
		p.fault(atDirection, "must be 1 (ascending) or -1 (descending)")
		return
	}
	p.query.order = append(p.query.order, Order{Path: path, Descending: direction[0] == '-'})
}

// orders takes a sort that comes as Go values.
func (p *parser) orders(orders []Order) {
	if !p.sortFits(len(orders)) {
		return
	}
	for i, order := range orders {
		if err := order.Path.checkGiven(); err != nil {
			p.fault(fmt.Sprintf("/sort/%d/0", i), "is not a path: %s", err)
		}
	}
	p.query.order = slices.Clone(orders)
}

func (p *parser) sortFits(n int) bool {
	if n > MaxSort {
		p.fault("/sort", "holds %d members; at most %d are allowed", n, MaxSort)
	}
	return n <= MaxSort
}

// object returns the members of a JSON object, and false for another value.
func object(raw []byte) (map[string]json.RawMessage, bool) {
	if len(raw) == 0 || raw[0] != '{' {
		return nil, false
	}
	var members map[string]json.RawMessage
	err := json.Unmarshal(raw, &members)
	return members, err == nil
}
