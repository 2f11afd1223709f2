package secret

import (
	"errors"
	"slices"
	"strings"

	"github.com/zalando/go-keyring"
)

// The names of the secrets that barb has put into the keyring are an entry of the keyring, too, under a service of its
// own: no keyring can list its entries on every system, and a file beside the history would show the names to anybody
// who reads the disk.
const (
	namesService = "barb-names"
	namesEntry   = "names"
)

// ErrNotFound is the error of Get and Delete for a name that is not in the keyring.
var ErrNotFound = keyring.ErrNotFound

// Get returns a secret from the keyring.
func Get(name string) (string, error) { return keyring.Get(Service, name) }

// Set puts a secret into the keyring. unlisted says why its name could not be added to Names, although the secret is
// there.
func Set(name, value string) (unlisted, err error) {
	if err := keyring.Set(Service, name, value); err != nil {
		return nil, err
	}
	return changeNames(func(names []string) []string { return append(names, name) }), nil
}

// Delete takes a secret and its name out of the keyring. The error is ErrNotFound where there is no such
// secret; its name is gone then, too.
func Delete(name string) error {
	err := keyring.Delete(Service, name)
	if err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return err
	}
	unlisted := changeNames(func(names []string) []string {
		return slices.DeleteFunc(names, func(n string) bool { return n == name })
	})
	if err == nil {
		err = unlisted
	}
	return err
}

// Names returns the names of the secrets that Set has put into the keyring, sorted. Secrets of an older barb or of
// another program are not among them.
func Names() ([]string, error) {
	text, err := keyring.Get(namesService, namesEntry)
	if errors.Is(err, keyring.ErrNotFound) {
		return nil, nil
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), err
}

// changeNames changes the list of names. The names of secrets hold no line break.
func changeNames(change func([]string) []string) error {
	was, err := Names()
	if err != nil {
		return err
	}
	names := change(slices.Clone(was))
	slices.Sort(names)
	if names = slices.Compact(names); slices.Equal(names, was) {
		return nil
	}
	if len(names) == 0 {
		return keyring.Delete(namesService, namesEntry)
	}
	return keyring.Set(namesService, namesEntry, strings.Join(names, "\n"))
}
