package schema

// Init is the barb.toml that barb init made.
type Init struct {
	Schema  int    `json:"schema"`
	Path    string `json:"path"`
	Written bool   `json:"written"`
	TOML    string `json:"toml"`
}
