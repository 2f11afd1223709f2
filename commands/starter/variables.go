package starter

import (
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/barbhq/barb/commands/project"
	"github.com/barbhq/barb/sign/catalog"
)

// envFiles are where projects keep their variables, and exampleFiles where they list them for those who have none yet.
var (
	envFiles     = []string{".env", ".env.local", ".env.development", ".env.development.local", ".dev.vars"}
	exampleFiles = []string{".env.example", ".env.sample", ".env.template"}
)

// keyWords end the name of a variable with the secret of webhooks, behind the name of a provider.
var keyWords = []string{"WEBHOOK_SECRET", "WEBHOOKS_SECRET", "WEBHOOK_SECRET_KEY", "WEBHOOK_SECRET_TOKEN",
	"WEBHOOK_SIGNING_SECRET", "WEBHOOK_SIGNING_KEY", "WEBHOOK_SIGNATURE_KEY", "WEBHOOK_KEY", "WEBHOOK_TOKEN",
	"WEBHOOK_AUTH_TOKEN", "WEBHOOK_PUBLIC_KEY", "WEBHOOK_VERIFICATION_KEY", "SIGNING_SECRET", "SIGNING_KEY",
	"SIGNATURE_KEY", "SECRET_TOKEN", "HOOK_SECRET", "WHSEC"}

// ownNames are variables that providers name in a way of their own, with the scheme.
var ownNames = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"TWILIO_AUTH_TOKEN": "twilio", "DISCORD_PUBLIC_KEY": "discord", "LINE_CHANNEL_SECRET": "line",
		"SHOPIFY_API_SECRET": "shopify", "SHOPIFY_API_SECRET_KEY": "shopify", "SHOPIFY_CLIENT_SECRET": "shopify",
		"META_APP_SECRET": "meta", "FACEBOOK_APP_SECRET": "meta", "INSTAGRAM_APP_SECRET": "meta",
		"WHATSAPP_APP_SECRET": "meta", "PAYSTACK_SECRET_KEY": "paystack", "INTERCOM_CLIENT_SECRET": "intercom",
		"HUBSPOT_CLIENT_SECRET": "hubspot-v3", "DROPBOX_APP_SECRET": "dropbox", "SVIX_SECRET": "svix",
		"LEMON_SQUEEZY_WEBHOOK_SECRET": "lemonsqueezy", "QSTASH_CURRENT_SIGNING_KEY": "qstash",
		"QSTASH_NEXT_SIGNING_KEY": "qstash", "PAGERDUTY_SECRET": "pagerduty",
		"WEBHOOK_SECRET": anyScheme, "WEBHOOK_SIGNING_SECRET": anyScheme, "WHSEC": anyScheme,
	}
})

// anyScheme finds the scheme from the headers.
const anyScheme = "auto"

// findVariables finds the names of secrets, and the port of the app. An example counts where no variable is set yet:
// barb listen does not start without the secrets that barb.toml names.
func (p *Project) findVariables(dir fs.FS) {
	if p.readVariables(dir, envFiles); len(p.Secrets) == 0 {
		p.readVariables(dir, exampleFiles)
	}
}

func (p *Project) readVariables(dir fs.FS, files []string) {
	seen := map[string]bool{}
	portFrom := ""
	for _, file := range files {
		for line := range strings.Lines(project.Read(dir, file)) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
			name, value, ok := strings.Cut(line, "=")
			name = strings.TrimSpace(name)
			if !ok || !plainName().MatchString(name) || seen[name] {
				continue
			}
			seen[name] = true
			if name == "PORT" && portFrom == "" {
				portFrom = file
				p.setPort(strings.Trim(strings.TrimSpace(value), `"'`), file)
			}
			if scheme := schemeOf(name); scheme != "" {
				p.addSecret(scheme, name, file)
			}
		}
	}
}

func (p *Project) addSecret(scheme, name, file string) {
	i := slices.IndexFunc(p.Secrets, func(s Secret) bool { return s.Scheme == scheme })
	if i >= 0 {
		p.Secrets[i].Names = append(p.Secrets[i].Names, name)
		return
	}
	path := "/webhooks/" + scheme
	if scheme == anyScheme {
		path = "/webhooks"
	}
	p.Secrets = append(p.Secrets, Secret{Scheme: scheme, Names: []string{name}, From: file, Path: path})
}

// schemeOf returns the scheme whose secret a variable holds by its name; "" for none. A public value is not a secret.
func schemeOf(name string) string {
	upper := strings.ToUpper(name)
	if strings.Contains(upper, "_PUBLIC_") && upper != "DISCORD_PUBLIC_KEY" {
		return ""
	}
	if scheme := ownNames()[upper]; scheme != "" {
		return scheme
	}
	if !slices.ContainsFunc(keyWords, func(word string) bool { return strings.HasSuffix(upper, "_"+word) }) {
		return ""
	}
	best, length := "", 0
	for _, s := range catalog.All() {
		for _, called := range append([]string{s.Name}, s.Aliases...) {
			word := strings.ToUpper(strings.ReplaceAll(called, "-", "_"))
			if len(word) > length && strings.Contains("_"+upper+"_", "_"+word+"_") {
				best, length = s.Name, len(word)
			}
		}
	}
	return best
}
