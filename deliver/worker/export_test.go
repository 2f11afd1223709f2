package worker

// Cut cuts off what is under way, as the fence does that ends when beats are not answered.
func (l *Leases) Cut() { l.cut() }
