package explain

import "iter"

// stages returns all variants, cheap and usual ones first: secrets and message with the body unchanged, the ends of the
// body, its JSON, its characters, its wrapping, and then two changes at once.
func stages(t trial, given []Other) iter.Seq[variants] {
	other := others(given)
	all := [...]variants{
		of(t, other, secrets),
		of(t, headers, urls, methods, stamps),
		of(t, ends, rewritten, plain),
		of(t, schemes, readings),
		of(t, wrapped),
		of(t, reordered, numbers),
		both(t, other, secrets),
		both(t, likely, secrets),
		both(t, likely, other),
		both(t, schemes, headers),
		both(t, headers, headers),
		both(t, readings, readings),
		both(t, stamps, headers),
		both(t, readings, secrets),
		both(t, readings, other),
		both(t, nearURLs, secrets),
		both(t, nearURLs, other),
		both(t, plain, plain),
		both(t, plain, secrets),
		both(t, plain, other),
		both(t, likely, nearURLs),
		both(t, plain, rewritten),
		both(t, likely, plain),
		both(t, likely, rewritten),
		both(t, rewritten, secrets),
		both(t, rewritten, other),
		both(t, nearURLs, plain),
		both(t, nearURLs, rewritten),
		both(t, wrapped, rewritten),
		of(t, packed),
	}
	return func(yield func(variants) bool) {
		for _, stage := range all {
			if !yield(stage) {
				return
			}
		}
	}
}
