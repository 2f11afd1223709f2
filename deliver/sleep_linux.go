package deliver

import (
	"errors"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// sleepPrecisely sleeps for at most a few milliseconds. Go's own timers step by a millisecond when the process idles,
// and the kernel adds 50 µs of slack to every sleep of a thread unless it is told not to.
func sleepPrecisely(d time.Duration) {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		time.Sleep(d)
		return
	}
	until := unix.NsecToTimespec(now.Nano() + int64(d))
	runtime.LockOSThread() // the slack is the thread's
	defer runtime.UnlockOSThread()
	if unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) == nil {
		defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // 0 is the default of the process
	}
	for { // a signal, such as those of the Go scheduler, ends it early
		err := unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
