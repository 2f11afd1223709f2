package keytext_test

import (
	"strings"
	"testing"

	"github.com/barbhq/barb/sign/keytext"
)

func TestAPIKeysAreToldByTheBeginningThatTheirProviderDocuments(t *testing.T) {
	const tail = "Abcdefgh0123456789"
	hex := strings.Repeat("0123456789abcdef", 2)
	for begins, key := range map[string]string{
		"sk_live_": "sk_live_" + tail, "rk_test_": "rk_test_" + tail, "pk_live_": "pk_live_" + tail,
		"xoxb-": "xoxb-1-" + tail, "xapp-": "xapp-1-" + tail, "ghp_": "ghp_" + tail, "github_pat_": "github_pat_" + tail,
		"glpat-": "glpat-" + tail, "shpat_": "shpat_" + hex, "SG.": "SG." + tail + "." + tail, "AC": "AC" + hex,
		"SK":   "SK" + hex,
		"AKIA": "AKIA0123456789ABCDEF", "AIza": "AIza" + hex + "abc", "EAA": "EAA" + hex + hex,
		"eyJ":      "eyJhbGciOiJI.eyJzdWIiOiIx." + tail,
		"lin_api_": "lin_api_" + tail, "pat-na1-": "pat-na1-" + tail, "sk-": "sk-ant-" + tail, "re_": "re_Abcdefg_" + tail,
	} {
		if got := keytext.APIKey([]byte(key)); got != begins {
			t.Errorf("%s… is read as %q", begins, got)
		}
		if got := keytext.APIKey([]byte(" \n" + key + "\n")); got != begins {
			t.Errorf("%s… with blanks is read as %q", begins, got)
		}
	}
}

func TestSecretsOfWebhooksAreNoAPIKeys(t *testing.T) {
	for _, secret := range []string{"", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "lin_wh_Abcdefgh0123456789", "sk_test_",
		"shpss_0123456789abcdef0123456789abcdef", "8f742231b10e8888abcd99yyyzzz85a5", "glsec_0123456789",
		"secret_abcdefgh01234",
		"ACCOUNTSECRET01234", "SKYSKYSKYSKYSKYSKY", "resend_secret_of_ours", "barb_test_secret_0123456789abcdef",
		strings.Repeat("sk_live_", 1<<13)} {
		if got := keytext.APIKey([]byte(secret)); got != "" {
			t.Errorf("%.40s is read as %q", secret, got)
		}
	}
}
