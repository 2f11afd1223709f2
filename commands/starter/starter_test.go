package starter_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/barbhq/barb/commands/starter"
	"github.com/barbhq/barb/sign/catalog"
)

func folder(files map[string]string) fstest.MapFS {
	dir := fstest.MapFS{}
	for name, text := range files {
		dir[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

func TestEverySchemeIsFoundByTheNameOfItsSecret(t *testing.T) {
	for _, s := range catalog.All() {
		name := strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_")) + "_WEBHOOK_SECRET"
		p := starter.Look(folder(map[string]string{".env": name + "=x\n"}))
		if len(p.Secrets) != 1 || p.Secrets[0].Scheme != s.Name {
			t.Errorf("%s is %+v, want %s", name, p.Secrets, s.Name)
		}
	}
}

func TestVariablesAreOfTheSchemeThatTheirProviderMeans(t *testing.T) {
	for name, want := range map[string]string{
		"TWILIO_AUTH_TOKEN": "twilio", "FACEBOOK_APP_SECRET": "meta", "SLACK_SIGNING_SECRET": "slack",
		"MAILGUN_WEBHOOK_SIGNING_KEY": "mailgun", "ACME_STRIPE_WEBHOOK_SECRET": "stripe", "WHSEC": "auto",
		"DISCORD_PUBLIC_KEY": "discord", "LEMON_SQUEEZY_WEBHOOK_SECRET": "lemonsqueezy", "stripe_webhook_secret": "stripe",
		"STRIPE_SECRET_KEY": "", "NEXT_PUBLIC_STRIPE_WEBHOOK_SECRET": "", "SESSION_SECRET": "", "JWT_SIGNING_KEY": "",
		"STRIPED_WEBHOOK_SECRET": "", "STRIPE_WEBHOOK_SECRET_URL": "",
	} {
		got := ""
		if p := starter.Look(folder(map[string]string{".env": name + "=x\n"})); len(p.Secrets) > 0 {
			got = p.Secrets[0].Scheme
			if _, known := catalog.Lookup(got); !known && got != "auto" {
				t.Errorf("%s: there is no scheme %s", name, got)
			}
		}
		if got != want {
			t.Errorf("%s is of %q, want %q", name, got, want)
		}
	}
}

// A value is never in the file, and what a folder holds cannot add a line to it.
func TestNothingButNamesIsWritten(t *testing.T) {
	deep := "app/api/" + strings.Repeat("stripe/", 40) + "route.ts"
	p := starter.Look(folder(map[string]string{
		".env": "STRIPE_WEBHOOK_SECRET=hunter2\n" +
			"X\"]\\nevil_STRIPE_WEBHOOK_SECRET=hunter2\n" +
			"PORT=99999\n",
		"package.json":                      `{"dependencies":{"next":"1"},"scripts":{"dev":"next -p 0\n[history]"}}`,
		"app/api/stripe\nevil = 1/route.ts": "",
		"app/api/stripe\"evil/route.ts":     "",
		deep:                                "",
	}))
	text := p.TOML()
	if strings.Contains(text, "hunter2") || strings.Contains(text, "evil") || p.Port != 3000 ||
		p.Secrets[0].Path != "/webhooks/stripe" {
		t.Errorf("%+v\n%s", p, text)
	}
}

func TestALargeFolderEndsTheSearch(t *testing.T) {
	files := map[string]string{"package.json": `{"dependencies":{"next":"1"}}`, ".env": "STRIPE_WEBHOOK_SECRET=x\n"}
	for i := range 6000 {
		files["app/a"+strings.Repeat("b", i%50)+string(rune('a'+i%26))+"/x"+strings.Repeat("c", i/50)+"/y.ts"] = ""
	}
	files["app/zz/stripe/route.ts"] = ""
	if p := starter.Look(folder(files)); p.Secrets[0].Source != "" {
		t.Errorf("it looked at all of it: %+v", p.Secrets)
	}
}
