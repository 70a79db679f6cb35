package mongodocuments

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/backends/internal/circuit"
)

// The codes of MongoDB (https://www.mongodb.com/docs/manual/reference/error-codes/)
// that callers, or the circuit, tell apart.
const (
	namespaceNotFound = 26
	indexNotFound     = 27
	notImplemented    = 238
	duplicateKey      = 11000
	maxTimeMSExpired  = 50
	exceededTimeLimit = 262
	outOfDiskSpace    = 14031
)

// downCodes say that the server which answered takes no writes now, or did not
// reach enough others.
func downCodes() []int {
	return []int{
		6,     // HostUnreachable
		7,     // HostNotFound
		64,    // WriteConcernTimeout
		89,    // NetworkTimeout
		91,    // ShutdownInProgress
		100,   // UnsatisfiableWriteConcern
		133,   // FailedToSatisfyReadPreference
		134,   // ReadConcernMajorityNotAvailableYet
		189,   // PrimarySteppedDown
		9001,  // SocketException
		10058, // LegacyNotPrimary
		10107, // NotWritablePrimary
		11600, // InterruptedAtShutdown
		11602, // InterruptedDueToReplStateChange
		13435, // NotPrimaryNoSecondaryOk
		13436, // NotPrimaryOrSecondary
	}
}

// isDown reports whether an error says that no server answered that could.
func isDown(err error) bool {
	if errors.Is(err, mongo.ErrClientDisconnected) || mongo.IsNetworkError(err) || mongo.IsTimeout(err) || circuit.IsDown(err) {
		return true
	}
	if _, ok := errors.AsType[topology.ServerSelectionError](err); ok {
		return true
	}
	if _, ok := errors.AsType[topology.ConnectionError](err); ok { // also one that fails to authenticate
		return true
	}
	if _, ok := errors.AsType[topology.WaitQueueTimeoutError](err); ok {
		return true
	}
	return missesMajority(err) || hasCode(err, downCodes()...)
}

// missesMajority reports whether a write was carried out, but is not known to the
// majority, and so may be lost.
func missesMajority(err error) bool {
	if bulk, ok := errors.AsType[mongo.BulkWriteException](err); ok {
		return bulk.WriteConcernError != nil
	}
	one, ok := errors.AsType[mongo.WriteException](err)
	return ok && one.WriteConcernError != nil
}

// hasCode reports whether the server answered with one of codes.
func hasCode(err error, codes ...int) bool {
	answer, ok := errors.AsType[mongo.ServerError](err)
	return ok && slices.ContainsFunc(codes, answer.HasErrorCode)
}

// classify gives an answer the code that callers act on, and keeps its text.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mongo.ErrNoDocuments):
		return cpodkit.CodeNotFound
	case hasCode(err, maxTimeMSExpired, exceededTimeLimit):
		return cpodkit.Errorf(cpodkit.CodeTimeout, "The document store took too long; try again.").WithCause(err)
	case errors.Is(err, driver.ErrDeadlineWouldBeExceeded): // and so it was not even asked
		return errors.Join(context.DeadlineExceeded, err)
	case hasCode(err, outOfDiskSpace):
		return cpodkit.Errorf(cpodkit.CodeUnavailable, "The server's disk is full; try again when there is room.").WithCause(err)
	}
	return err
}

func errClosed() error {
	return cpodkit.Errorf(cpodkit.CodeUnavailable, "The document store is closed.")
}
