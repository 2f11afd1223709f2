package schema

// Trust is a barb.toml that the user allowed.
type Trust struct {
	Path  string `json:"path"`
	Wants []Want `json:"wants"`
}

// Want is a setting in a barb.toml that needs the user's consent.
type Want struct {
	Line  int    `json:"line"`
	What  string `json:"what"`            // such as "run a command"
	Value string `json:"value"`           // as written in the file
	Place string `json:"place,omitempty"` // the file that the value names, without symbolic links
}
