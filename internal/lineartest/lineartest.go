// Package lineartest tests that a driver's calls on one key take effect one
// after the other, whoever makes them. It links porcupine and is for tests.
package lineartest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// patience is a watchdog for the search of an order.
const patience = 30 * time.Second

// Model says what one key does when its calls come one after the other. Op is a
// call, Out its outcome, and State what the key holds.
type Model[State, Op, Out comparable] struct {
	Start State
	Step  func(State, Op) (Out, State)
}

// Load is who calls, and how often.
type Load[Op, Out comparable] struct {
	Rounds, Callers, Calls int

	// Draw returns a random call.
	Draw func(*rand.Rand) Op
	// Perform makes a call for one of the callers, on the key of a round.
	Perform func(caller int, key string, op Op) (Out, error)
}

// Check has many callers at one key, and looks for an order of their calls that
// explains every outcome and keeps to who was before whom. Each round has a key of
// its own. It ends t when there is no such order.
func Check[State, Op, Out comparable](t testing.TB, model Model[State, Op, Out], load Load[Op, Out]) {
	t.Helper()
	for round := range load.Rounds {
		history := load.history(t, "linearizable/"+strconv.Itoa(round), uint64(round))
		switch porcupine.CheckOperationsTimeout(model.sequential(), history, patience) {
		case porcupine.Ok:
		case porcupine.Illegal:
			t.Fatalf("no order explains what was answered:\n%s", describe(history))
		case porcupine.Unknown:
			t.Fatalf("an order was not found in %v", patience)
		}
	}
}

func (m Model[State, Op, Out]) sequential() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return m.Start },
		Step: func(state, input, output any) (bool, any) {
			want, next := m.Step(state.(State), input.(Op))
			return output.(Out) == want, next
		},
	}
}

// history records what the callers did. Its clock counts calls and returns, because
// under a test's clock no time passes between them.
func (l Load[Op, Out]) history(t testing.TB, key string, seed uint64) []porcupine.Operation {
	t.Helper()
	var clock atomic.Int64
	all := make([][]porcupine.Operation, l.Callers)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for c := range l.Callers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(seed, uint64(c)))
			<-begin
			for range l.Calls {
				op := l.Draw(rnd)
				called := clock.Add(1)
				out, err := l.Perform(c, key, op)
				if err != nil {
					t.Errorf("%+v: %v", op, err)
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

func describe(history []porcupine.Operation) string {
	var text strings.Builder
	for _, op := range history {
		fmt.Fprintf(&text, "%3d-%3d caller %d: %+v → %+v\n", op.Call, op.Return, op.ClientId, op.Input, op.Output)
	}
	return text.String()
}
