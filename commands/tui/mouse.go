package tui

// click chooses the row under the mouse, or the pane.
func (s *State) click(m Click) {
	if s.over != nil {
		return
	}
	l := s.layout()
	switch {
	case s.queue != nil:
		s.clickEntry(m.Y)
	case l.list.holds(m.X, m.Y):
		s.pane = listPane
		if at := s.list.top + m.Y - l.list.y; at < len(s.list.rows) {
			s.choose(at - s.list.at)
		}
	case l.detail.holds(m.X, m.Y):
		s.pane = detailPane
	case l.third.holds(m.X, m.Y):
		s.pane = thirdPane
	}
}

// wheel scrolls what is under the mouse.
func (s *State) wheel(m Wheel) {
	l := s.layout()
	switch {
	case s.over != nil:
		*s.scrolled(s.over) += m.By
	case s.queue != nil:
		s.chooseEntry(m.By)
	case l.list.holds(m.X, m.Y):
		s.choose(m.By)
	case s.result != nil:
		*s.scrolled(s.result) += m.By
	case l.third.holds(m.X, m.Y):
		s.detail.thirdAt += m.By
	default:
		s.detail.at += m.By
	}
	s.clamp()
}
