package engine

import "time"

// Figures are what tells whether deliveries go well.
type Figures struct {
	// Attempts have ended, other than by an interruption. Retries are those after a first one. P99 is the time within
	// which 99 of 100 ended; 0 without attempts.
	Attempts, Retries int64
	P99               time.Duration
	// Delivered and Exhausted are deliveries that ended, counted by their last attempt.
	Delivered, Exhausted int64
	// Checked is the number of received webhooks with a checked signature, Invalid of those with a bad one.
	Checked, Invalid int64

	Waiting int64 // open entries of the queue, now
	Dead    int64 // entries of the queue that died within the time of the filter and are dead still
}

// Mirror describes an exchange that repeats a forward to another app.
type Mirror struct {
	Of       int64 // the forward to the app
	Compared bool  // both have ended
	Same     bool  // with the same status and body
}

// Remark is what a person has said of a webhook.
type Remark struct {
	Pinned bool   // pruning leaves the webhook, whole
	Note   string // "": none
}

// Pin says which scheme a secret verifies on a route.
type Pin struct {
	Route  string // its path, "" for the paths that no route covers
	Secret string // what Fingerprint returns for the secret
	Scheme string
}

// Run is a batch of messages and its progress. The sender begins the messages in the order of their numbers, from 0, so
// that only the few open ones must be listed.
type Run struct {
	ID      int64 // given by StartRun, from 1
	Created time.Time
	Changed time.Time // the last sign of life of its owner
	Options string    // JSON that the store does not look into; "{}" once the run has ended
	Total   int64     // how many messages; 0: not known before the end
	Next    int64     // the first number that was not begun
	Open    []int64   // those below Next that have not come to their end
	Owner   string    // the process that sends it now; "" for none
	Ended   bool      // nothing of it is left
}

// PruneRule selects the exchanges that Prune removes, among those of Filter: first all that began before OlderThan;
// then, until the history is within MaxBytes, the oldest received with a bad signature, because anybody can send
// those, then the oldest spentCopies, then the oldest of all. A zero limit is none; without limits nothing is removed.
// Exchanges of a pinned webhook stay.
type PruneRule struct {
	OlderThan time.Time
	MaxBytes  int64
	Filter    Filter
	// Whole removes webhooks and not single exchanges: what is said here of an exchange is said of the oldest exchange
	// left of a webhook, and all others go with it. A webhook stays whole when any of its exchanges waits in the queue,
	// began at OlderThan or later, or began at Open or later and has not ended. spentCopies do not go first.
	Whole bool
	Open  time.Time // only with Whole
	// Rewrite is the size in bytes up to which the rest is rewritten (VACUUM) after a removal, or without a rule, so that
	// no removed byte is left on the disk; 0 is never. Writers wait meanwhile, about 1 s for each 100 MB.
	Rewrite int64
}

// PruneResult is what Prune did.
type PruneResult struct {
	Removed  int64 // exchanges
	Webhooks int64 // that were removed; 0 unless they were removed whole
	Bytes    int64 // by which the history became smaller on disk
	// Remains says that removed bytes may still be in the log, or in unused parts of the file.
	Remains bool
}
