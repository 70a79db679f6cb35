package cluster

import (
	"context"
	"time"
)

// Driver is for drivers: it carries notifications and keeps leases. The portable
// type has checked the names.
//
// An outcome that callers act on is an error for which errors.Is finds
// cpodkit.CodeConflict or CodeUnavailable. Every other error is returned raw; its
// text reaches logs and never a client. All methods are safe for concurrent use
// and honour ctx. Package clustertest is the suite that every driver passes.
type Driver interface {
	// Publish sends message to every subscription of topic that stands now.
	Publish(ctx context.Context, topic string, message []byte) error

	// Subscribe returns a subscription that stands: what is published after it
	// returns is received. When ctx ends the subscription does, and its Receive
	// returns.
	Subscribe(ctx context.Context, topic string) (Subscription, error)

	// Acquire grants the lease name to holder, which is unique to one grant, and
	// returns its token; it ends after ttl by the clock of the system. The token is
	// larger than that of every earlier grant of the name. CodeConflict while
	// another holder has it. A holder that has it already gets the same token, and
	// the ttl anew: a call may be repeated when its answer was lost.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (token int64, err error)

	// Renew lets the lease end after ttl from now. CodeConflict when holder does not
	// have it, also when nobody has.
	Renew(ctx context.Context, name, holder string, ttl time.Duration) error

	// Release ends the lease if holder has it, and does nothing otherwise.
	Release(ctx context.Context, name, holder string) error

	// Close frees what the driver holds. The driver is not used afterwards.
	Close() error
}

// Subscription is for drivers: it receives what is published to one topic. It never
// skips a message and goes on: when one is lost, or may be, it ends with an error.
type Subscription interface {
	// Receive waits for the next message or echo, in the order in which the system
	// took them. After an error the subscription is of no more use. It is called by
	// one goroutine at a time.
	Receive() (Message, error)

	// Echo sends mark through the system to this subscription alone, which receives
	// it after every message whose Publish had returned before.
	Echo(ctx context.Context, mark []byte) error

	// Close ends the subscription; a Receive that waits returns an error.
	Close() error
}

// Message is what a [Subscription] receives.
type Message struct {
	Payload []byte // of the receiver
	IsEcho  bool   // it was sent by Echo
}
