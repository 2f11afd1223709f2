package ui

import "strings"

// KindOfKey says what a key looks like.
func KindOfKey(key string) string {
	switch {
	case strings.HasPrefix(key, "-----BEGIN PRIVATE"):
		return "the private key"
	case strings.HasPrefix(key, "-----BEGIN CERTIFICATE"):
		return "the certificate"
	}
	return "the public key"
}
