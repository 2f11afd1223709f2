package main

import "errors"

// adapter uses one SDK for one provider. verify returns nil when the SDK accepts, a refusal when the SDK refuses, and
// any other error when the SDK could not be used.
type adapter struct {
	provider string
	sdk      string // module path
	function string
	clock    string
	verify   func(*request) error
	sign     func(*request) ([]field, error)
}

// The clock that an SDK compares a timestamp with.
const (
	ownClock  = "real"     // the machine's clock
	givenTime = "argument" // the given time
	noClock   = "none"     // none: it checks no age, or there is none
)

// refusal is the error of an SDK that refuses.
type refusal struct{ error }

// refused marks an SDK's error as its verdict.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return refusal{err}
}

// accepted converts the verdict of an SDK that returns a bool.
func accepted(ok bool) error {
	if ok {
		return nil
	}
	return refusal{errors.New("returned false")}
}

func adapters() []adapter {
	var all []adapter
	for _, family := range [][]adapter{
		standardFamily(), timestampFamily(), bodyFamily(), payloadFamily(), asymmetricFamily(),
	} {
		all = append(all, family...)
	}
	return all
}

func find(rows []adapter, r *request) (adapter, bool) {
	for _, row := range rows {
		if row.provider == r.Provider && row.sdk == r.SDK {
			return row, true
		}
	}
	return adapter{}, false
}
