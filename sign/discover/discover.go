// Package discover works out how a message was signed. From one message with its secret it finds which bytes are
// signed, under which algorithm, with the secret in which form, and where in the message the signature, the timestamp
// and the id travel. It tries what is in use, in a fixed order and within a bound. Like sign it is pure. It finds
// HMACs, plain hashes with the secret in them, and tokens; no public keys and no JWTs.
package discover

import (
	"context"
	"errors"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// The bounds of a search that names none: a second or two of one processor.
const (
	DefaultLimit = 250_000 // sums
	DefaultBytes = 2 << 30 // bytes of bodies that go into them
)

// Query is what is known of a message.
type Query struct {
	// Message is the message as it arrived, its body not as a stream. URL, Method and Params are tried where they are
	// given.
	Message sign.Message
	Secrets []sign.Secret
	// Known are the schemes whose signed content is tried before anything else; nil stands for the catalogue.
	Known []sign.Scheme
	// Limit bounds how many sums are computed, Bytes how much of bodies they are computed over; 0 stands for the defaults.
	Limit int
	Bytes int64
}

// Result is what a search came to.
type Result struct {
	// Found says that Scheme is valid, and verifies the message when its age is left out of account.
	Found  bool
	Scheme sign.Scheme
	Secret int // index of the secret that it was signed with
	// Same are the known schemes that verify the message as they are; Like those that differ from Scheme only in where the
	// signature, the timestamp and the id travel.
	Same, Like []string

	Tried int  // sums that were computed
	Cut   bool // the bound was reached before everything had been tried

	// What there was to try: values that look like a signature, a timestamp, an id.
	Signatures, Times, IDs int
}

// errCut ends a search that has used up its bound.
var errCut = errors.New("the bound of the search is reached")

// Search looks for a scheme under which the message is signed rightly with one of the secrets. The error is the
// context's; the counts of the result hold all the same.
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

// search is one search under way.
type search struct {
	ctx     context.Context
	message sign.Message
	secrets []sign.Secret
	known   []sign.Scheme
	tries   int   // left
	bytes   int64 // left
	keys    []keyed
	times   []group
	ids     []group
	found   found // what has the form of something
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
	s.found = look(&s.message)
	s.times, s.ids = byText(s.found.times, maxTimes), byText(s.found.ids, maxIDs)
	s.result.Signatures, s.result.Times, s.result.IDs = len(s.found.inHeaders)+len(s.found.inBody), len(s.times),
		len(s.ids)
	s.keys = forms(s.secrets, s.known)
	return s
}

// run tries the signatures in headers before those in the body: a body is full of what has the form of one.
func (s *search) run() error {
	if s.token() {
		return nil
	}
	for _, signatures := range [][]signature{s.found.inHeaders, s.found.inBody} {
		if len(signatures) == 0 {
			continue
		}
		if err := s.among(signatures); err != nil || s.result.Found {
			return err
		}
	}
	return nil
}

// among tries every content against some signatures.
func (s *search) among(signatures []signature) error {
	hashes := hashesOf(signatures)
	for c := range contents(s.known) {
		if !s.has(c) {
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

// has reports whether the message has the parts of a content, as far as a cheap look can tell.
func (s *search) has(c content) bool {
	return s.message.URL != "" || !c.uses("url") && !c.uses("path")
}

// spend takes sums of a content out of the bound.
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
