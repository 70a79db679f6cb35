package kvtest

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/internal/lineartest"
)

// operation is one call of a history, on one key.
type operation struct {
	name  string
	value string // of set and deleteIf
	by    int64
}

// outcome is what an operation returned.
type outcome struct {
	done     bool // what Set, Delete and Exists report; for the others whether it succeeded
	value    string
	conflict bool
}

// register is the state of one key.
type register struct {
	there bool
	value string
}

// step returns what op answers, and the state that it leaves.
func (r register) step(op operation) (outcome, register) {
	switch op.name {
	case "get":
		return outcome{done: r.there, value: r.value}, r
	case "exists":
		return outcome{done: r.there}, r
	case "set":
		return outcome{done: true}, register{true, op.value}
	case "setIfAbsent":
		if r.there {
			return outcome{}, r
		}
		return outcome{done: true}, register{true, op.value}
	case "delete":
		return outcome{done: r.there}, register{}
	case "deleteIf":
		if r.there && r.value == op.value {
			return outcome{done: true}, register{}
		}
		return outcome{}, r
	}
	sum, counts := add(cmp.Or(r.value, "0"), op.by)
	if r.there && r.value == "" || !counts {
		return outcome{conflict: true}, r
	}
	value := strconv.FormatInt(sum, 10)
	return outcome{done: true, value: value}, register{true, value}
}

// testLinearizable has many callers at one key, and looks for an order of their
// calls that explains every answer and keeps to who was before whom.
func testLinearizable(s *suite) {
	lineartest.Check(s, lineartest.Model[register, operation, outcome]{Step: register.step}, lineartest.Load[operation, outcome]{
		Rounds: 20, Callers: 6, Calls: 15,
		Draw:    drawOperation,
		Perform: func(_ int, key string, op operation) (outcome, error) { return s.perform(s.key(key), op) },
	})
}

func drawOperation(rnd *rand.Rand) operation {
	names := []string{"get", "exists", "set", "setIfAbsent", "setIfAbsent", "delete", "deleteIf", "deleteIf", "incr", "incr", "incr"}
	op := operation{name: names[rnd.IntN(len(names))]}
	switch op.name {
	case "set", "setIfAbsent", "deleteIf":
		op.value = []string{"1", "2", "held"}[rnd.IntN(3)]
	case "incr":
		op.by = int64(1 + rnd.IntN(2))
	}
	return op
}

func (s *suite) perform(key string, op operation) (out outcome, err error) {
	switch op.name {
	case "get":
		out.value, err = s.driver.Get(s.ctx, key)
		out.done = err == nil
		err = exceptFor(err, cpodkit.CodeNotFound)
	case "exists":
		out.done, err = s.driver.Exists(s.ctx, key)
	case "set", "setIfAbsent":
		out.done, err = s.driver.Set(s.ctx, key, op.value, 0, op.name == "setIfAbsent")
	case "delete":
		out.done, err = s.driver.Delete(s.ctx, key, nil)
	case "deleteIf":
		out.done, err = s.driver.Delete(s.ctx, key, &op.value)
	case "incr":
		var sum int64
		sum, err = s.driver.Incr(s.ctx, key, op.by)
		if out.done = err == nil; out.done {
			out.value = strconv.FormatInt(sum, 10)
		}
		out.conflict = errors.Is(err, cpodkit.CodeConflict)
		err = exceptFor(err, cpodkit.CodeConflict)
	}
	return out, err
}
