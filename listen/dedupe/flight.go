package dedupe

import "context"

// Flight is a webhook that is being handed on. Its copies wait until it ends.
type Flight struct {
	w        *Window
	key      digest
	ended    chan struct{}
	rejected bool // what was accepted meanwhile was given up
}

// Begin waits until no copy of the webhook is being handed on. Then it returns accepted where one of them was
// accepted, and otherwise begins a flight, which must end with End. The flight is nil for a webhook that nothing
// recognises. The error is that of the context.
func (c *Claim) Begin(ctx context.Context) (f *Flight, accepted bool, err error) {
	w := c.w
	for c.key != (digest{}) {
		w.mu.Lock()
		if i, ok := w.by[c.key]; ok && w.seen[i].accepted {
			w.mu.Unlock()
			return nil, true, nil
		}
		before, taken := w.flights[c.key]
		if !taken {
			f = &Flight{w: w, key: c.key, ended: make(chan struct{})}
			w.flights[c.key] = f
			w.mu.Unlock()
			return f, false, nil
		}
		w.mu.Unlock()
		select {
		case <-before.ended:
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
	return nil, false, nil
}

// End lets the next copy go on. Accepted: no copy is to be handed on any more. A nil flight has no copies.
func (f *Flight) End(accepted bool) {
	if f == nil {
		return
	}
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if i, ok := w.by[f.key]; ok && accepted && !f.rejected {
		w.seen[i].accepted = true
	}
	close(f.ended)
	delete(w.flights, f.key)
}

// Foreign returns the exchange of another listener that the webhook is a copy of, where it is not known whether that
// was accepted. The history may know it.
func (c *Claim) Foreign() (id int64, ok bool) {
	w := c.w
	w.mu.Lock()
	defer w.mu.Unlock()
	i, ok := w.by[c.key]
	if !ok || w.seen[i].accepted || !w.seen[i].foreign {
		return 0, false
	}
	return w.seen[i].id, true
}

// Accept notes that the exchange which Foreign has returned was accepted.
func (c *Claim) Accept(id int64) {
	w := c.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if i, ok := w.by[c.key]; ok && w.seen[i].id == id {
		w.seen[i].accepted = true
	}
}
