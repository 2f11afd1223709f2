package schema

// Route is a [[route]] of barb.toml as barb config shows it: nothing in it is a secret.
type Route struct {
	Path      string        `json:"path"`
	Methods   []string      `json:"methods,omitempty"`
	Event     string        `json:"event,omitempty"`
	Where     string        `json:"where,omitempty"` // an expression
	Scheme    string        `json:"scheme,omitempty"`
	Secrets   []string      `json:"secrets,omitempty"` // references
	Targets   []RouteTarget `json:"targets,omitempty"`
	PublicURL string        `json:"public_url,omitempty"`
	Insecure  bool          `json:"insecure,omitempty"`
	CACert    string        `json:"cacert,omitempty"`
	Cert      string        `json:"cert,omitempty"`
	Key       string        `json:"key,omitempty"`
	Proxy     string        `json:"proxy,omitempty"`   // without its user
	Headers   []string      `json:"headers,omitempty"` // names
	Line      int           `json:"line"`              // in barb.toml
}

// RouteTarget is an app of a Route.
type RouteTarget struct {
	URL    string `json:"url"`
	Mirror bool   `json:"mirror,omitempty"`
}
