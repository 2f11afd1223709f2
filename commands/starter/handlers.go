package starter

import (
	"io/fs"
	"path"
	"strings"
)

// mostEntries is how many files and folders are looked at for handlers.
const mostEntries = 5000

// handlerRoots are the folders in which a framework makes a route of each file, with what such a file is called and
// how deep below the root of the site it begins.
var handlerRoots = map[string][]struct{ root, prefix, file string }{
	"next": {{"app", "", "route"}, {"src/app", "", "route"}, {"pages/api", "/api", ""}, {"src/pages/api", "/api", ""}},
	"nuxt": {{"server/api", "/api", ""}, {"server/routes", "", ""}}, "sveltekit": {{"src/routes", "", "+server"}},
	"astro": {{"src/pages", "", ""}},
}

// findHandlers finds which path of the app is for which provider, where the framework has a file for each.
func (p *Project) findHandlers(dir fs.FS) {
	left := mostEntries
	for _, place := range handlerRoots[p.App] {
		_ = fs.WalkDir(dir, place.root, func(name string, d fs.DirEntry, err error) error {
			if left--; err != nil || left < 0 {
				return fs.SkipAll
			}
			if d.IsDir() {
				return nil
			}
			below := strings.TrimPrefix(name, place.root)
			stem := strings.TrimSuffix(path.Base(below), path.Ext(below))
			route := place.prefix + path.Dir(below)
			if place.file == "" && stem != "index" {
				stem, _, _ = strings.Cut(stem, ".") // stripe.post.ts of nuxt
				route = path.Join(place.prefix+path.Dir(below), stem)
			} else if place.file != "" && stem != place.file {
				return nil
			}
			p.addHandler(path.Clean(withoutGroups(route)), name)
			return nil
		})
	}
}

// withoutGroups leaves out folders such as (marketing), which are no part of the path.
func withoutGroups(route string) string {
	var kept []string
	for part := range strings.SplitSeq(route, "/") {
		if !strings.HasPrefix(part, "(") {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "/")
}

// addHandler gives a path to the provider that it names. Where there is only one provider, a path that says webhook is
// its as well.
func (p *Project) addHandler(route, file string) {
	if !plainPath().MatchString(route) || !plainFile().MatchString(file) {
		return
	}
	lower := strings.ToLower(route)
	for i := range p.Secrets {
		s := &p.Secrets[i]
		isNamed := strings.Contains(lower, s.Scheme)
		isOnly := len(p.Secrets) == 1 && strings.Contains(lower, "webhook")
		if s.Source == "" && (isNamed || isOnly) {
			s.Path, s.Source = route, file
		}
	}
}
