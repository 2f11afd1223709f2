package export

import "github.com/barbhq/barb/store/record"

// Raw returns a request as it is on the wire: its head byte for byte, an empty line, its body in the chunks it came in.
func Raw(r *record.Request) []byte {
	return r.AppendBody(r.AppendHead(nil))
}
