package masking_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime returns the time that the thread has had a processor, so that other programs do not
// count.
func cpuTime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
