package replay

import (
	"context"
	"time"
)

// Pacer waits as long between webhooks as lay between them when they came, by the speed. A webhook that came before
// the one that was sent last is not waited for.
func Pacer(speed float64) func(context.Context, Item) {
	if speed == 0 {
		return nil
	}
	var begun, first time.Time
	return func(ctx context.Context, item Item) {
		if begun.IsZero() {
			begun, first = time.Now(), item.Start
		}
		due := begun.Add(time.Duration(float64(item.Start.Sub(first)) / speed))
		timer := time.NewTimer(time.Until(due))
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
}
