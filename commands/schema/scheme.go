package schema

import (
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/discover"
	"github.com/barbhq/barb/sign/newkey"
)

// Scheme is a signature scheme.
type Scheme struct {
	Schema     int      `json:"schema"`
	Name       string   `json:"name"`
	Title      string   `json:"title"`
	Aliases    []string `json:"aliases,omitempty"`
	Signature  string   `json:"signature"`
	Header     string   `json:"header"`
	Alt        []string `json:"more_headers,omitempty"`
	Secret     string   `json:"secret"`
	Timestamp  string   `json:"timestamp,omitempty"`
	Past       *float64 `json:"tolerance_past_s"` // null: no limit, or no timestamp
	Future     *float64 `json:"tolerance_future_s"`
	ID         string   `json:"webhook_id,omitempty"`
	Event      string   `json:"event_type,omitempty"`
	Params     []string `json:"params,omitempty"`
	Handshake  string   `json:"handshake,omitempty"`
	CanSign    bool     `json:"can_sign"` // always true: barb signs with every scheme
	CoversBody bool     `json:"covers_body"`
	Binds      string   `json:"binds"`            // what binds a message to its receiver
	Limits     []string `json:"limits,omitempty"` // weaknesses of the proof besides covers_body
	Strict     []string `json:"strict,omitempty"` // spellings of the signature that an SDK of the provider refuses
	Rotates    bool     `json:"rotates"`
	Evidence   string   `json:"evidence"`
	Docs       string   `json:"docs,omitempty"`
	Note       string   `json:"note,omitempty"`
	Source     string   `json:"source,omitempty"` // file and line of a scheme of barb.toml
}

// NewScheme returns a scheme. source is the file and line that it was read from, "" for one of the catalogue.
func NewScheme(s sign.Scheme, source string) Scheme {
	seconds := func(d time.Duration) *float64 {
		if s.Time.Unit == "" || d == sign.NoLimit {
			return nil
		}
		n := d.Seconds()
		return &n
	}
	out := Scheme{Schema: 1, Name: s.Name, Title: s.Title, Aliases: s.Aliases, Signature: s.Formula(), Header: s.Header,
		Alt: s.Alt, Secret: string(s.Key), Timestamp: s.TimestampPlace(),
		Past: seconds(s.Tolerance.Past), Future: seconds(s.Tolerance.Future),
		ID: s.IDIn.String(), Event: s.EventIn.String(), Params: s.ParamNames(), Handshake: s.Handshake,
		CanSign: true, CoversBody: s.CoversBody(), Binds: s.BoundBy(), Limits: s.Weaknesses(), Rotates: s.Rotates(),
		Evidence: string(s.Evidence), Docs: s.Docs, Note: s.Note, Source: source}
	for _, spelling := range s.Strict {
		out.Strict = append(out.Strict, string(spelling))
	}
	return out
}

// Pair is a throw-away secret, as barb schemes --generate-key prints it.
type Pair struct {
	Schema    int    `json:"schema"`
	Scheme    string `json:"scheme"`
	Signing   string `json:"signing"`
	Verifying string `json:"verifying"`
}

// NewPair returns a throw-away secret of a scheme.
func NewPair(scheme string, p newkey.Pair) Pair {
	return Pair{Schema: 1, Scheme: scheme, Signing: string(p.Signing), Verifying: string(p.Verifying)}
}

// Discovery is the result of a search for a scheme.
type Discovery struct {
	Schema     int      `json:"schema"`
	Found      bool     `json:"found"`
	Scheme     *Scheme  `json:"scheme,omitempty"`
	TOML       string   `json:"toml,omitempty"`
	Secret     string   `json:"secret,omitempty"`
	Same       []string `json:"same,omitempty"` // known schemes that verify the message unchanged
	Like       []string `json:"like,omitempty"` // known schemes that differ only in header names
	Tried      int      `json:"tried"`
	Cut        bool     `json:"cut"`
	Signatures int      `json:"signatures"`
	Times      int      `json:"timestamps"`
	IDs        int      `json:"ids"`
	Next       []string `json:"next,omitempty"`
}

// NewDiscovery returns the result of a search. The caller sets the secret's name, and the TOML or the next step to try.
func NewDiscovery(r *discover.Result) Discovery {
	out := Discovery{Schema: 1, Found: r.Found, Same: r.Same, Like: r.Like, Tried: r.Tried, Cut: r.Cut,
		Signatures: r.Signatures, Times: r.Times, IDs: r.IDs}
	if r.Found {
		s := NewScheme(r.Scheme, "")
		out.Scheme = &s
	}
	return out
}
