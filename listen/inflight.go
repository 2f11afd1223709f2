package listen

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/barbhq/barb/store/record"
)

const (
	// smallBody is how many bytes a request may hold of the reserved part of the budget: small webhooks get through when
	// large ones have taken the rest.
	smallBody = 64 << 10
	// reservedPart is the reserved part of the budget: an eighth.
	reservedPart = 8
	// turnover is in how many seconds a request must double what it holds, while the budget is short.
	turnover = 64
)

// Budget is the memory, of all connections and streams together, for requests that are read and not answered yet, and
// for apps' answers to them. Many goroutines may use one.
type Budget struct {
	max  int64
	used atomic.Int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(bytes int64) *Budget { return &Budget{max: bytes} }

// take adds n bytes for a request or an answer that will then hold held bytes. It returns false when there is no room.
func (b *Budget) take(n, held int64) bool {
	if b.used.Add(n) <= b.limit(held) {
		return true
	}
	b.used.Add(-n)
	return false
}

// limit returns how much of the budget may be used by a request or an answer that holds so many bytes.
func (b *Budget) limit(held int64) int64 {
	if held <= smallBody {
		return b.max
	}
	return b.max - b.max/reservedPart
}

// short reports whether more than half of the budget is used.
func (b *Budget) short() bool { return b.used.Load() > b.max/2 }

// holding is the part of a budget that one exchange uses. One goroutine uses it at a time.
type holding struct {
	budget   *Budget
	came     int64 // bytes that were read of the request
	held     int64 // how many bytes count in the budget
	answered int64 // bytes that were read of an app's answer
	ofAnswer int64 // how many of those that count are an answer's
	lacked   error // why an app's answer had no room
}

// hold counts n more bytes of the request being read. The connection's own buffer is free: idle connections have one
// too, and MaxConns bounds it.
func (h *holding) hold(n int64) error {
	h.came += n
	more := h.came - bufferSize - h.held
	if more <= 0 {
		return nil
	}
	if !h.budget.take(more, h.came) {
		return h.noRoom()
	}
	h.held += more
	return nil
}

// holdRead counts n more bytes of an app's answer. It never waits for room: the webhook being answered may hold the
// rest.
func (h *holding) holdRead(n int64) error {
	h.answered += n
	more := h.answered - bufferSize - h.ofAnswer
	if more <= 0 {
		return nil
	}
	if h.budget.take(more, h.answered) {
		h.held, h.ofAnswer = h.held+more, h.ofAnswer+more
		return nil
	}
	if h.lacked = h.noRoom(); h.held+more > h.budget.limit(h.answered) {
		h.lacked = fmt.Errorf("%w: longer than the memory limit of %d bytes", ErrAnswerTooLarge, h.budget.max)
	}
	return h.lacked
}

// holdAnswer counts a large answer until it is out, unless it is counted already. It always has room, since its webhook
// has been worked on; later ones have to wait.
func (h *holding) holdAnswer(n int) {
	if more := int64(n) - h.ofAnswer; n > smallBody && more > 0 {
		h.held, h.ofAnswer = h.held+more, h.ofAnswer+more
		h.budget.used.Add(more)
	}
}

// letGo gives back everything that the exchange held.
func (h *holding) letGo() {
	if h.held > 0 {
		h.budget.used.Add(-h.held)
	}
	*h = holding{budget: h.budget}
}

// noRoom returns the error for a request or an answer without room.
func (h *holding) noRoom() error {
	return fmt.Errorf("%w: requests in progress may hold at most %d bytes", ErrNoRoom, h.budget.max)
}

// holdingKey is the key of an exchange's holding in its context.
type holdingKey struct{}

// With returns a context whose TakeRoom takes from b for an answer that no sender waits for, until letGo gives it back.
func (b *Budget) With(ctx context.Context) (with context.Context, letGo func()) {
	h := &holding{budget: b}
	return context.WithValue(ctx, holdingKey{}, h), h.letGo
}

// TakeRoom counts n more bytes of an app's answer until the sender has its own answer. The context is Reply's, or of
// Budget.With; any other has room for all. On ErrNoRoom, or ErrAnswerTooLarge for an answer that would not fit into an
// empty budget, reading must end. One goroutine uses a context at a time.
func TakeRoom(ctx context.Context, n int64) error {
	if h, ok := ctx.Value(holdingKey{}).(*holding); ok {
		return h.holdRead(n)
	}
	return nil
}

// LackedRoom returns the error that TakeRoom returned for the context, nil for none.
func LackedRoom(ctx context.Context) error {
	if h, ok := ctx.Value(holdingKey{}).(*holding); ok {
		return h.lacked
	}
	return nil
}

// fits reports whether the budget has room for a body of the announced length; not even for an empty one once answers
// have overdrawn it. It takes nothing: the announcement may be false.
func (c *conn) fits(length int64) bool {
	all := c.came + length
	if c.br != nil { // part of what came is the body's beginning
		all = max(c.came-int64(c.br.Buffered()), 0) + length
	}
	more := all - bufferSize - c.held
	used := c.budget.used.Load()
	return used <= c.budget.max && (more <= 0 || used+more <= c.budget.limit(all))
}

// headSize is the size of a head that came over HTTP/2, whose packed size is unknown.
func headSize(r *record.Request) int64 {
	n := len(r.Method) + len(r.Target)
	for _, f := range r.Header {
		n += len(f.Name) + len(f.Value) + fieldOverhead
	}
	return int64(n)
}

// fieldOverhead is the size of a field besides its text, as RFC 9113, section 6.5.2, counts it.
const fieldOverhead = 32
