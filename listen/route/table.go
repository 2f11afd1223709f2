package route

import (
	"cmp"
	"slices"
	"strings"
)

// Table is the rows of barb.toml, in their order.
type Table []Route

// Covering returns the row of a path, as Path returns it: the one with the longest path that covers it, or nil.
func (t Table) Covering(path string) *Route {
	var best *Route
	for i := range t {
		if r := &t[i]; r.Covers(path) && r.Depth() > best.Depth() {
			best = r
		}
	}
	return best
}

// ForScheme returns the row whose secret is used with a scheme, "" for any: the row that covers path, else the first of
// the scheme, else nil. path is as Path returns it, or "" where it is not known.
func (t Table) ForScheme(scheme, path string) *Route {
	if r := t.Covering(path); r != nil && path != "" && (scheme == "" || r.Scheme == scheme) {
		return r
	}
	i := slices.IndexFunc(t, func(r Route) bool { return scheme != "" && r.Scheme == scheme })
	if i < 0 {
		return nil
	}
	return &t[i]
}

// A Lane is a route at work in a listener.
type Lane interface {
	comparable
	Row() *Route  // nil where it is for the paths that no row covers
	Checks() bool // whether it wants a signature
}

// Lanes chooses among the lanes of a listener. The lanes that Guards returns check a request. What they verified, and
// nothing else that the sender says, then decides in Forward where the webhook goes.
type Lanes[L Lane] struct {
	Rows []L // one for each row of the table, in its order
	Rest L   // for what no row covers; also one of Rows where a row selects every request
	// ChecksAs reports whether everything that a verifies is verified by b as well. Both want a signature.
	ChecksAs func(a, b L) bool
}

// covering returns the lanes that cover a path, those of the longest path first, and Rest at the end.
func (ls *Lanes[L]) covering(path string) (lanes []L) {
	for _, l := range ls.Rows {
		if l.Row().Covers(path) {
			lanes = append(lanes, l)
		}
	}
	slices.SortStableFunc(lanes, func(a, b L) int { return cmp.Compare(b.Row().Depth(), a.Row().Depth()) })
	return append(lanes, ls.Rest)
}

// Cover reports whether a row covers the path of a target.
func (ls *Lanes[L]) Cover(target string) bool {
	path := Path(target)
	return slices.ContainsFunc(ls.Rows, func(l L) bool { return l.Row().Covers(path) })
}

// Guards returns the lanes that check a request, in groups: one lane of each group has to find it valid. There is one
// group, unless apps may read the path of the target in several ways that different rows cover. The first group is that
// of Path.
func (ls *Lanes[L]) Guards(method, target string) [][]L {
	if len(ls.Rows) == 0 { // however the target is read
		return [][]L{{ls.Rest}}
	}
	paths := readings(target)
	if paths == nil { // as if it were each of them
		paths = []string{Path(target)}
		for _, l := range ls.Rows {
			paths = append(paths, Path(l.Row().Path))
		}
	}
	for _, path := range paths {
		paths = append(paths, ls.withFormat(path)...)
	}
	var groups [][]L
	for _, path := range paths {
		group := ls.guardsOf(ls.covering(path), method)
		if !slices.ContainsFunc(groups, func(other []L) bool { return slices.Equal(group, other) }) {
			groups = append(groups, group)
		}
	}
	checked := func(group []L) bool { return group[0].Checks() }
	if !slices.ContainsFunc(groups, checked) {
		return groups[:1]
	}
	return slices.DeleteFunc(groups, func(group []L) bool { return !checked(group) })
}

// withFormat returns the paths of rows that a path is when its extension is cut. A Rails route for /hook ends in
// (.:format), as `rails routes` shows, and takes /hook.json as well; Spring MVC did so before 5.3. A row that is
// written with the extension is for it alone.
func (ls *Lanes[L]) withFormat(path string) (bases []string) {
	for _, l := range ls.Rows {
		base := l.Row().prefix()
		if base == "" || !strings.HasPrefix(path, base+".") {
			continue
		}
		own := func(l L) bool { return strings.HasPrefix(l.Row().prefix(), base+".") && l.Row().Covers(path) }
		if !slices.ContainsFunc(ls.Rows, own) {
			bases = append(bases, base)
		}
	}
	return bases
}

// guardsOf returns, of the lanes that cover a path, those of the longest path that want a signature. A longer path
// without one exempts the requests it covers, but not by an event type or an expression: what they look at is the
// sender's word as long as nothing is verified. Where no signature is wanted of the request it returns the lanes
// without one.
func (ls *Lanes[L]) guardsOf(lanes []L, method string) (guards []L) {
	exempt := func(l L) bool { return l.Row() == nil || l.Row().isPlain() && l.Row().takes(method) }
	for i, l := range lanes {
		if !l.Checks() {
			continue
		}
		depth := l.Row().Depth()
		if len(guards) > 0 && depth < guards[0].Row().Depth() {
			break
		}
		longer := func(o L) bool { return !o.Checks() && o.Row().Depth() > depth && exempt(o) }
		if slices.ContainsFunc(lanes[:i], longer) {
			break
		}
		if !slices.ContainsFunc(guards, func(g L) bool { return ls.ChecksAs(l, g) }) {
			guards = append(guards, l)
		}
	}
	if len(guards) > 0 {
		return guards
	}
	return slices.DeleteFunc(lanes, L.Checks)
}

// Found is what a check has found out about a request.
type Found struct{ Method, Target, Event, Scheme string }

// Forward returns the lane that decides where a webhook goes: of those that accept it the one of the longest path, then
// the one with the most conditions. It returns false where no lane accepts it.
func (ls *Lanes[L]) Forward(f Found, accepts func(L) bool) (best L, ok bool) {
	most := -1
	for _, l := range ls.covering(Path(f.Target)) {
		switch row := l.Row(); {
		case row != nil && !row.Selects(f.Method, f.Event) || !accepts(l):
		case ok && row.Depth() < best.Row().Depth():
			return best, true
		case row.conditions(f.Scheme) > most:
			best, most, ok = l, row.conditions(f.Scheme), true
		}
	}
	return best, ok
}

// isPlain reports whether a row selects by nothing that a webhook says of itself.
func (r *Route) isPlain() bool { return r.Event == "" && r.Where == "" }

// conditions returns how many conditions besides its path a row has that a webhook of a scheme met.
func (r *Route) conditions(scheme string) (n int) {
	if r == nil {
		return 0
	}
	for _, met := range []bool{len(r.Methods) > 0, r.Event != "", r.Where != "", r.Scheme != "" && r.Scheme == scheme} {
		if met {
			n++
		}
	}
	return n
}
