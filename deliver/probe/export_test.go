package probe

import "time"

// Hasten has a probe wait less for effects, and send a fifth of the load: receivers of tests work at once.
func (p *Probe) Hasten() {
	p.pace = &pace{patience: usual.patience, settle: 40 * time.Millisecond, knock: 10 * time.Millisecond, load: 100}
}

// TakeItsTime undoes Hasten.
func (p *Probe) TakeItsTime() { p.pace = nil }
