package web

// TokenOf returns the token that the forms of a page carry.
func TokenOf(p *Page) string { return p.gate.token }

// PublicHost is the host of --public-url.
var PublicHost = publicHost
