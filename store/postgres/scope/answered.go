package scope

// The columns that tell of the answer to an exchange e, as in package ahead: answered has a row for each run of ids.
const (
	AnsweredAt = "CASE e.ended WHEN 2 THEN (SELECT CASE WHEN w.first <= e.id THEN w.at END " + nearest + ") END"
	AnswerHead = "CASE e.ended WHEN 2 THEN (SELECT w.head " + nearest + ") END"
	nearest    = "FROM barb.answered w WHERE w.id >= e.id ORDER BY w.id LIMIT 1"

	// WasAnswered is the condition that an exchange e which has a status was answered with it.
	WasAnswered = "(e.ended <> 2 OR " + AnsweredAt + " IS NOT NULL)"
)
