package commands

import (
	"os"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// newOwner is the name under which this process has leases, unlike every other: what it does, and for others on the same
// machine which process it is.
func newOwner(what string) string {
	space := processSpace()
	if space == "" {
		space = "?"
	}
	return strings.Join([]string{what, uuid.NewString(), space, strconv.Itoa(os.Getpid()), bornAt(os.Getpid())}, " ")
}

// ownerIsGone reports whether an owner of leases is known to have ended without giving them back. That is only ever known of a
// process of this machine and this boot.
func ownerIsGone(owner string) bool {
	words := strings.Fields(owner)
	if len(words) != 5 || words[2] != processSpace() {
		return false
	}
	pid, err := strconv.Atoi(words[3])
	return err == nil && pid > 0 && hasEnded(pid, words[4])
}
