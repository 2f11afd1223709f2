package explain

// stages returns all variants, cheap and usual ones first: secrets and message with the body unchanged, the ends of the
// body and of its lines, its JSON, its characters, its wrapping, and then two changes at once.
func stages(t trial, given []Other) []variants {
	other, rewritten := others(given), bodies(reserialised)
	ends, plain := bodies(rows(plainRows()[:12])), bodies(rows(plainRows()))
	return []variants{
		allOf(t, other, secrets),
		allOf(t, headers, urls, methods, stamps),
		allOf(t, ends, rewritten, plain),
		allOf(t, schemes, readings, prefixes),
		allOf(t, bodies(wrapped)),
		allOf(t, bodies(reordered), bodies(numbers)),
		combined(t, other, secrets),
		combined(t, likely, secrets),
		combined(t, likely, other),
		combined(t, schemes, headers),
		combined(t, headers, headers),
		combined(t, readings, readings),
		combined(t, stamps, headers),
		combined(t, readings, secrets),
		combined(t, readings, other),
		combined(t, nearURLs, secrets),
		combined(t, nearURLs, other),
		combined(t, plain, plain),
		combined(t, plain, secrets),
		combined(t, plain, other),
		combined(t, likely, nearURLs),
		combined(t, plain, rewritten),
		combined(t, likely, plain),
		combined(t, likely, rewritten),
		combined(t, rewritten, secrets),
		combined(t, rewritten, other),
		combined(t, nearURLs, plain),
		combined(t, nearURLs, rewritten),
		combined(t, bodies(wrapped), rewritten),
		allOf(t, bodies(packed)),
	}
}
