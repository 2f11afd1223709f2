// Package worker delivers what waits in the queue. It leases entries, hands each to the handler of its kind and
// writes down what became of it, as much at a time as limits allow. The handlers know what a delivery is.
package worker

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// NewHolder returns a unique name for this process as the holder of leases. It says what the process does, and lets
// others on the same machine find out whether it still runs.
func NewHolder(what string) string {
	pid := os.Getpid()
	return fmt.Sprintf("%s %s %s %d %s", what, uuid.NewString(), cmp.Or(pidNamespace(), "?"), pid, startTime(pid))
}

// IsGone reports whether the process of a holder has certainly ended. That is known only of processes of this machine
// and this boot.
func IsGone(holder string) bool {
	words := strings.Fields(holder)
	if len(words) != 5 || words[2] != pidNamespace() {
		return false
	}
	pid, err := strconv.Atoi(words[3])
	return err == nil && pid > 0 && hasEnded(pid, words[4])
}
