package export

import "github.com/barbhq/barb/store/record"

// Raw returns a request as on the wire: its head byte for byte, an empty line, and its body in the original chunks.
func Raw(r *record.Request) []byte {
	return r.AppendBody(r.AppendHead(nil))
}
