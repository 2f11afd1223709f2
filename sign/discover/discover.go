// Package discover works out how a message was signed. From one message with its secret it finds the signed bytes,
// the algorithm, the form of the secret, and the places of signature, timestamp and id. It tries usual combinations
// in a fixed order and within a limit. Like sign, it is pure. It finds HMACs, plain hashes that include the secret,
// and tokens, but no public-key signatures and no JWTs.
package discover

import (
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

// search is the state of one search.
type search struct {
	ctx     context.Context
	message sign.Message
	secrets []sign.Secret
	known   []sign.Scheme
	tries   int   // number of sums left
	bytes   int64 // bytes left
	keys    []keyed
	times   []group
	ids     []group
	found   found // the candidates in the message
	result  Result
}

func newSearch(ctx context.Context, q Query) *search {
	s := &search{ctx: ctx, message: q.Message, secrets: q.Secrets, known: q.Known, tries: q.Limit, bytes: q.Bytes}
	if s.known == nil {
		s.known = catalog.All()
	}
	if s.tries == 0 {
		s.tries = DefaultLimit
	}
	if s.bytes == 0 {
		s.bytes = DefaultBytes
	}
	s.found = candidates(&s.message)
	s.times, s.ids = byText(s.found.times, maxTimes), byText(s.found.ids, maxIDs)
	s.result.Signatures, s.result.Times, s.result.IDs = len(s.found.inHeaders)+len(s.found.inBody), len(s.times),
		len(s.ids)
	s.keys = forms(s.secrets, s.known)
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
	for c := range contents(s.known) {
		if !s.hasParts(c) {
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

// hasParts reports whether the message has the parts of a content, by a cheap check.
func (s *search) hasParts(c content) bool {
	return s.message.URL != "" || !c.uses("url") && !c.uses("path")
}

// spend subtracts a content's sums from the limit.
func (s *search) spend(sums int, c content) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	cost := int64(sums)
	if c.hasBody() {
		cost *= int64(len(s.message.Body)) + 1
	}
	if s.tries < sums || s.bytes < cost {
		return errCut
	}
	s.tries, s.bytes = s.tries-sums, s.bytes-cost
	return nil
}
