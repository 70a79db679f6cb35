package mongodocuments

import (
	"context"
	"errors"
	"io"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
)

// What the stand-in for MongoDB never answers.
func TestCodes(t *testing.T) {
	t.Parallel()
	command := func(code int32) error { return mongo.CommandError{Code: code, Message: "no"} }
	written := func(code int) error {
		return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: code, Message: "no"}}}
	}
	concern := &mongo.WriteConcernError{Code: 79, Message: "waiting for replication"}
	for name, test := range map[string]struct {
		err  error
		want cpodkit.Code
	}{
		"not the primary":         {command(10107), cpodkit.CodeUnavailable},
		"stepped down":            {command(189), cpodkit.CodeUnavailable},
		"no majority":             {mongo.WriteException{WriteConcernError: concern}, cpodkit.CodeUnavailable},
		"no majority for a batch": {mongo.BulkWriteException{WriteConcernError: concern}, cpodkit.CodeUnavailable},
		"a network error":         {mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: io.EOF}, cpodkit.CodeUnavailable},
		"disconnected":            {mongo.ErrClientDisconnected, cpodkit.CodeUnavailable},
		"no time left":            {command(50), cpodkit.CodeTimeout},
		"a full disk":             {written(14031), cpodkit.CodeUnavailable},
		"nothing there":           {mongo.ErrNoDocuments, cpodkit.CodeNotFound},
		"not allowed":             {command(13), cpodkit.CodeInternal},
		"another write error":     {written(1), cpodkit.CodeInternal},
	} {
		err := circuit.New("document store", circuit.WithIsDown(isDown)).Do(t.Context(), func(context.Context) error {
			return classify(test.err)
		})
		if got := cpodkit.CodeOf(err); got != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
		if !errors.Is(err, test.want) && test.want != cpodkit.CodeInternal {
			t.Errorf("%s: errors.Is finds no %s in %v", name, test.want, err)
		}
	}
}
