package gateway

import (
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/sign/handshake"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// Event is something that a person may want to know. Which fields it has depends on its kind.
type Event struct {
	Kind      Kind
	ID        int64 // of the received exchange; 0: it is about none
	Handshake handshake.Handshake
	Scheme    string
	Secret    string // its reference, or of a learnt one its first characters
	Path      string // of the route
	Before    string // the scheme or the secret that was there before
	Detail    string
	Kept      bool // the secret was kept
	Checks    bool // the secret is checked with from now on
	Err       error

	Exchange *record.Exchange
	Apps     []*record.Exchange // the forwards of Exchange that have ended, as they may be shown
	App      *record.Exchange   // the forward whose answer the sender gets
	IsBeside bool               // see Hook.isBeside
	Same     bool               // App and Exchange were answered alike
	Failure  *record.Failure    // why the sender does not get the app's answer; nil: it gets it
	Cut      bool               // the app's answer had no room
	Attempt  *deliver.Attempt
	Entry    int64 // of the queue
	Of       store.QueueKind
	Target   string
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
	Untyped                       // webhooks of Scheme, "" for none, name no event type, so Filter.Event leaves them out
	FilterTooSlow                 // the filter took too long
	FilterFailed                  // Err: an expression failed on a webhook, which is handed on
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

	Answered    // Exchange was answered, and forwarded as Apps; IsBeside. It is as the history has it
	LeftOut     // a webhook was answered that is neither recorded nor shown, as the filter leaves it out
	NoRoute     // no route covers the path Path, so its webhooks are answered 404
	Hangs       // its sender gets no answer, as the script says
	Trouble     // Err, most often of the history; nothing else follows from it
	TroubleOver // the history of an earlier Trouble can be reached again
	Forwarded   // Exchange is a forward to an app, as it may be shown; Failure, Cut

	Mirrored       // Exchange is a forward to a mirror
	Compared       // Exchange, a forward to a mirror, and App were answered; Same
	MirrorSkipped  // a webhook was not sent to the mirror Target, which does not keep up
	MirrorFailed   // Err: of a forward to the mirror Target
	Waits          // a webhook waits in the queue, for the reason in Detail
	Attempted      // Exchange was forwarded from the queue, as Attempt
	NotDelivered   // the queue gives Entry up, for the reason in Detail
	LeftBehind     // Err: this process cannot deliver what waits for a webhook
	TargetLeft     // Err: this process cannot deliver entries of the kind Of for Target
	CommandRefused // the command is not run, for the reason in Detail
	CommandBusy    // the command is not run, as too many are running
	CommandSays    // a line that the command prints is Detail
	CommandUnrun   // Err: the command could not be started
	CommandRan     // the command has run for Exchange from the queue
	Redirects      // the app redirects from the path Detail to Target, which is the same but for a slash or https
	CommandGivenUp // the command of Entry did not succeed, for the reason in Detail
)
