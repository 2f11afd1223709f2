//go:build !linux

package deliver

import "time"

// sleepPrecisely sleeps as precisely as Go's timers do.
func sleepPrecisely(d time.Duration) { time.Sleep(d) }
