// Package worker delivers what waits in the queue. It leases entries, hands each to the handler of its kind and
// writes down what became of it, as much at a time as limits allow; what a delivery is made of is the handlers'
// business.
package worker

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// NewHolder returns a name for this process as the holder of leases, unlike every other: what it does, and for others
// on the same machine which process it is.
func NewHolder(what string) string {
	pid := os.Getpid()
	return fmt.Sprintf("%s %s %s %d %s", what, uuid.NewString(), cmp.Or(pidNamespace(), "?"), pid, startTime(pid))
}

// IsGone reports whether a holder of leases has certainly ended without giving them back. Only of a process of this
// machine and this boot can that be known.
func IsGone(holder string) bool {
	words := strings.Fields(holder)
	if len(words) != 5 || words[2] != pidNamespace() {
		return false
	}
	pid, err := strconv.Atoi(words[3])
	return err == nil && pid > 0 && hasEnded(pid, words[4])
}
