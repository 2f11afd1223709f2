//go:build unix && !linux

package store_test

// linuxRoles are the roles of tests that only Linux runs.
var linuxRoles map[string]func(path string, args []string) error
