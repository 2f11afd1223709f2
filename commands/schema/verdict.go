package schema

import (
	"github.com/barbhq/barb/sign/explain"
	"github.com/barbhq/barb/store/record"
)

// Verdict is the result of barb verify.
type Verdict struct {
	Schema     int    `json:"schema"`
	Verdict    string `json:"verdict"`
	Scheme     string `json:"scheme"`
	Version    string `json:"version,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Detail     string `json:"detail,omitempty"`
	AgeMS      *int64 `json:"age_ms,omitempty"`
	Secret     string `json:"secret,omitempty"`
	Tried      string `json:"tried_secret,omitempty"` // references of the secrets that a refused signature was tried with
	CoversBody bool   `json:"covers_body"`
	Spelling   string `json:"spelling,omitempty"` // that the provider's SDK refuses: upper_case, blanks, scheme_case

	Explain *Explanation `json:"explain,omitempty"`
}

// NewVerdict returns a verdict under a scheme. The caller sets the detail and the scheme's limits.
func NewVerdict(scheme string, v *record.Verdict) Verdict {
	out := Verdict{Schema: 1, Verdict: string(v.Status), Scheme: scheme, Version: v.Version, Reason: v.Reason,
		Secret: v.Secret, Tried: v.Tried}
	if v.HasAge {
		age := v.Age.Milliseconds()
		out.AgeMS = &age
	}
	return out
}

// Explanation is why a message was refused.
type Explanation struct {
	Causes []Cause `json:"causes"`
	Hints  []Hint  `json:"hints"`
	Seen   []Seen  `json:"seen"`
	Tried  int     `json:"tried"`
	Cut    bool    `json:"cut"`
}

// Cause is a change that makes the signature match.
type Cause struct {
	Kind       string         `json:"kind"`
	Also       []explain.Kind `json:"also,omitempty"`
	Part       string         `json:"part"`
	Change     string         `json:"change"`
	Words      string         `json:"words"`
	Scheme     string         `json:"scheme"`
	Secret     string         `json:"secret"`
	Difference *Difference    `json:"difference,omitempty"`
	Fix        []Fix          `json:"fix,omitempty"`
}

// Difference is the first place where two texts differ.
type Difference struct {
	Of     string `json:"of"` // body or url
	Offset int    `json:"offset"`
	Start  int    `json:"start"`
	Have   []byte `json:"have_base64"`
	Want   []byte `json:"want_base64"`
}

// Fix is the advice for a framework.
type Fix struct {
	Framework string `json:"framework"`
	Text      string `json:"text"`
}

// Hint is a cause that was not proven.
type Hint struct {
	Kind  string `json:"kind"`
	Words string `json:"words"`
	Fix   []Fix  `json:"fix,omitempty"`
}

// Seen is a header that looks like a signature.
type Seen struct {
	Header  string   `json:"header"`
	Schemes []string `json:"schemes,omitempty"`
}

// NewExplanation returns an answer, nil for none.
func NewExplanation(a *explain.Answer) *Explanation {
	if a == nil {
		return nil
	}
	out := &Explanation{Causes: []Cause{}, Hints: []Hint{}, Seen: []Seen{}, Tried: a.Tried, Cut: a.Cut}
	for _, c := range a.Causes {
		out.Causes = append(out.Causes, Cause{Kind: string(c.Kind), Also: c.Also, Part: string(c.Part), Change: c.Change,
			Words: c.Words, Scheme: c.Scheme, Secret: c.Secret, Difference: newDifference(c.Difference), Fix: newFixes(c.Fix)})
	}
	for _, h := range a.Hints {
		out.Hints = append(out.Hints, Hint{Kind: string(h.Kind), Words: h.Words, Fix: newFixes(h.Fix)})
	}
	for _, s := range a.Seen {
		out.Seen = append(out.Seen, Seen(s))
	}
	return out
}

func newDifference(d *explain.Difference) *Difference {
	if d == nil {
		return nil
	}
	of := "url"
	if d.Of == explain.Body {
		of = "body"
	}
	return &Difference{Of: of, Offset: d.Offset, Start: d.Start, Have: d.Have, Want: d.Want}
}

func newFixes(fixes []explain.Fix) []Fix {
	out := make([]Fix, 0, len(fixes))
	for _, f := range fixes {
		out = append(out, Fix(f))
	}
	return out
}
