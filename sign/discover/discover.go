// Package discover works out how a message was signed. From one message with its secret it finds the signed bytes,
// the algorithm, the form of the secret, and the places of signature, timestamp and id. It tries usual combinations
// in a fixed order and within a limit. Like sign, it is pure. It finds HMACs, plain hashes that include the secret,
// and tokens, but no public-key signatures and no JWTs.
package discover

import (
	"cmp"
	"context"
	"errors"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// The default limits of a search: a second or two of one processor.
const (
	DefaultLimit = 250_000 // sums
	DefaultBytes = 2 << 30 // bytes of bodies that are hashed
)

// Query is the input of a search.
type Query struct {
	// Message is the message as it arrived, its body not as a stream. URL, Method and Params are optional.
	Message sign.Message
	Secrets []sign.Secret
	// Known are the schemes whose signed content is tried first; nil means the catalogue.
	Known []sign.Scheme
	// Limit is the number of sums to compute, Bytes the size of the bodies to hash; 0 means the default.
	Limit int
	Bytes int64
}

// Result is the outcome of a search.
type Result struct {
	// Found says that Scheme is valid and verifies the message, apart from its age.
	Found  bool
	Scheme sign.Scheme
	Secret int // index of the matching secret
	// Same are the known schemes that verify the message unchanged; Like are those that differ from Scheme only in
	// the places of signature, timestamp and id.
	Same, Like []string

	Tried int  // number of computed sums
	Cut   bool // the search reached its limit before it had tried everything

	// Signatures, Times and IDs count the values that look like a signature, a timestamp or an id.
	Signatures, Times, IDs int
}

// errCut ends a search at its limit.
var errCut = errors.New("the bound of the search is reached")

// Search looks for a scheme with which the message is correctly signed by one of the secrets. The error is the
// context's; the counts of the result are set even then.
func Search(ctx context.Context, q Query) (Result, error) {
	s := newSearch(ctx, q)
	err := s.run()
	switch {
	case errors.Is(err, errCut):
		s.result.Cut = true
	case err != nil:
		return s.result, err
	}
	if s.result.Found {
		s.compare()
	}
	return s.result, nil
}

// search is the state of one search. Limit and Bytes of its query are what is left of them.
type search struct {
	Query
	ctx    context.Context
	keys   []keyed
	times  []group
	ids    []group
	found  found // the candidates in the message
	result Result
}

func newSearch(ctx context.Context, q Query) *search {
	if q.Known == nil {
		q.Known = catalog.All()
	}
	q.Limit, q.Bytes = cmp.Or(q.Limit, DefaultLimit), cmp.Or(q.Bytes, DefaultBytes)
	s := &search{Query: q, ctx: ctx, found: candidates(&q.Message), keys: forms(q.Secrets, q.Known)}
	s.times, s.ids = byText(s.found.times, maxTimes), byText(s.found.ids, maxIDs)
	s.result.Signatures = len(s.found.inHeaders) + len(s.found.inBody)
	s.result.Times, s.result.IDs = len(s.times), len(s.ids)
	return s
}

// run tries the signatures in headers before those in the body, because many values in a body look like signatures.
func (s *search) run() error {
	if s.token() {
		return nil
	}
	for _, signatures := range [][]signature{s.found.inHeaders, s.found.inBody} {
		if len(signatures) == 0 {
			continue
		}
		if err := s.trySignatures(signatures); err != nil || s.result.Found {
			return err
		}
	}
	return nil
}

// trySignatures tries every content against some signatures.
func (s *search) trySignatures(signatures []signature) error {
	hashes := hashesOf(signatures)
	for c := range contents(s.Known) {
		if s.Message.URL == "" && (c.uses("url") || c.uses("path")) {
			continue
		}
		for _, at := range choices(s.times, c.uses("ts")) {
			for _, id := range choices(s.ids, c.uses("id")) {
				t := trial{content: c, time: at, id: id}
				if err := s.try(&t, hashes, signatures); err != nil || s.result.Found {
					return err
				}
			}
		}
	}
	return nil
}

// spend subtracts a content's sums from the limit.
func (s *search) spend(sums int, c content) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	cost := int64(sums)
	if c.hasBody() {
		cost *= int64(len(s.Message.Body)) + 1
	}
	if s.Limit < sums || s.Bytes < cost {
		return errCut
	}
	s.Limit, s.Bytes = s.Limit-sums, s.Bytes-cost
	return nil
}
