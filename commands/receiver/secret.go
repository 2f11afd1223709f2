package receiver

import (
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// HoldsSecret reports whether a webhook contains one of the secrets, which must not get into source code.
func HoldsSecret(m sign.Message, secrets []sign.Secret) bool {
	for _, secret := range secrets {
		key := string(secret.Key)
		if strings.Contains(string(m.Body), key) || strings.Contains(m.URL, key) {
			return true
		}
		for _, values := range m.Header {
			if slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, key) }) {
				return true
			}
		}
	}
	return false
}
