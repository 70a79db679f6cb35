package kvtest

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/anishathalye/porcupine"

	"github.com/cpodkit/cpodkit"
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

// sequential says what one key does when its calls come one after the other.
func sequential() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return register{} },
		Step: func(state, input, output any) (bool, any) {
			r, op, out := state.(register), input.(operation), output.(outcome)
			want, next := r.step(op)
			return out == want, next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
	}
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
	const rounds, callers, calls = 20, 6, 15
	for round := range rounds {
		key := s.key("linearizable/" + strconv.Itoa(round))
		history := s.history(key, callers, calls, uint64(round))
		switch porcupine.CheckOperationsTimeout(sequential(), history, patience) {
		case porcupine.Ok:
		case porcupine.Illegal:
			s.Fatalf("no order explains what was answered:\n%s", describe(history))
		case porcupine.Unknown:
			s.Fatalf("an order was not found in %v", patience)
		}
	}
}

// history records what the callers did. Its clock counts calls and returns, for
// under a test's clock no time passes between them.
func (s *suite) history(key string, callers, calls int, seed uint64) []porcupine.Operation {
	var clock atomic.Int64
	all := make([][]porcupine.Operation, callers)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for c := range callers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(c)))
			<-begin
			for range calls {
				op := drawOperation(rnd)
				called := clock.Add(1)
				out, err := s.perform(key, op)
				if err != nil {
					s.Errorf("%+v: %v", op, err)
					return
				}
				all[c] = append(all[c], porcupine.Operation{
					ClientId: c, Input: op, Output: out, Call: called, Return: clock.Add(1),
				})
			}
		})
	}
	close(begin)
	wg.Wait()
	var history []porcupine.Operation
	for _, one := range all {
		history = append(history, one...)
	}
	return history
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

func describe(history []porcupine.Operation) string {
	text := ""
	for _, op := range history {
		text += fmt.Sprintf("%3d-%3d caller %d: %+v → %+v\n", op.Call, op.Return, op.ClientId, op.Input, op.Output)
	}
	return text
}
