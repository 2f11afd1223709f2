package sign_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/sign/catalog"
)

func TestASchemeThatSignsTheURLSaysSo(t *testing.T) {
	for _, s := range catalog.All() {
		said := strings.Contains(s.Formula(), "{url}") || strings.Contains(s.Formula(), "@target-uri")
		if s.SignsHost() != said {
			t.Errorf("%s signs the host: %v, its formula is %s", s.Name, s.SignsHost(), s.Formula())
		}
	}
}
