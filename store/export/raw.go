package export

import "github.com/barbhq/barb/store/record"

// Raw returns a request as it is on the wire: its head byte for byte, an empty line, its body. A body that came chunked is
// given unchunked, since the chunks are framing, not content.
func Raw(r *record.Request) []byte {
	return append(r.AppendHead(nil), r.Body...)
}
