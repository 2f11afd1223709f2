package store

import (
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// encodeMarks writes marks as the table has them: ",duplicate:17,filtered:0,". The signs around a kind let
// a query find it.
func encodeMarks(marks []record.Mark) string {
	if len(marks) == 0 {
		return ""
	}
	var b strings.Builder
	for _, m := range marks {
		b.WriteString("," + string(m.Kind) + ":" + strconv.FormatInt(m.Of, 10))
	}
	return b.String() + ","
}

// decodeMarks is the inverse; what it cannot read, of a damaged file, it leaves out.
func decodeMarks(text string) (marks []record.Mark) {
	for item := range strings.SplitSeq(text, ",") {
		kind, of, ok := strings.Cut(item, ":")
		id, err := strconv.ParseInt(of, 10, 64)
		if ok && err == nil {
			marks = append(marks, record.Mark{Kind: record.MarkKind(kind), Of: id})
		}
	}
	return marks
}
