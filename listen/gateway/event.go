package gateway

import "github.com/barbhq/barb/sign/handshake"

// Event is something that a person may want to know. Which fields it has depends on its kind.
type Event struct {
	Kind      Kind
	ID        int64 // of the exchange
	Handshake handshake.Handshake
	Scheme    string
	Secret    string // its reference, or of a learnt one its first characters
	Path      string // of the route
	Before    string // the scheme or the secret that was there before
	Detail    string
	Kept      bool // the secret was kept
	Checks    bool // the secret is checked with from now on
	Err       error
}

// Kind says what an Event tells.
type Kind int

// The kinds of events, with the fields that they have.
const (
	SpellingRefused   Kind = iota // the SDK of Scheme refuses how the signature was written, as Detail says
	HostUnchecked                 // Scheme signs the URL, whose host only the sender names
	PinsUnread                    // Err: the history does not tell which secrets are pinned
	PinUnkept                     // Err: that Secret verifies Scheme cannot be kept
	Pinned                        // Secret verifies Scheme on Path from now on, and no longer Before
	Weaker                        // a good signature was refused, for the reason in Detail
	FilterTooSlow                 // the filter took too long
	FilterFailed                  // Err: the filter failed
	HandshakeRefused              // Err
	NeedsSecret                   // Err: a handshake was refused, as no secret is given for Scheme
	HandshakeFromPage             // a handshake was refused, as a web page may have sent it; Detail says by which sign
	SecretUnkept                  // Err: the secret of a handshake cannot be kept
	AnotherSecret                 // a handshake brings another secret than the first one
	Learnt                        // a handshake brings Secret, for Scheme; Before is the one that is checked with instead
	Unagreed                      // a handshake was accepted with any value of the parameter Detail
	ConfirmElsewhere              // a handshake wants an address opened that is not its provider's, at the host Detail
	ConfirmUnchecked              // an unchecked handshake wants an address opened, at the host Detail
	Confirm                       // a handshake wants an address opened, at the host Detail
)
