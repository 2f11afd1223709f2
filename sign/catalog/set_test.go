package catalog_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// shop returns a scheme of a user's own, in which GitHub's webhooks are signed as well.
func shop(t *testing.T) sign.Scheme {
	t.Helper()
	s, ok := catalog.Lookup("github")
	if !ok {
		t.Fatal("github is not in the catalogue")
	}
	s.Name, s.Title, s.Aliases = "shop", "Shop", []string{"github"}
	if err := catalog.Validate(s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestASetHasTheUsersSchemesBeforeTheCatalogue(t *testing.T) {
	set := &catalog.Set{Own: []sign.Scheme{shop(t)}}
	if all := set.All(); len(all) != 1+len(catalog.All()) || all[0].Name != "shop" ||
		all[1].Name != catalog.All()[0].Name {
		t.Errorf("%d schemes, the first %s", len(all), all[0].Name)
	}
	for name, want := range map[string]string{"shop": "shop", "github": "github", "hmac-sha256": "generic",
		"Shop": "", "": ""} {
		if s, ok := set.Lookup(name); s.Name != want || ok != (want != "") {
			t.Errorf("%q is %q %v", name, s.Name, ok)
		}
	}
	for name, want := range map[string]string{"Standard": "standard-webhooks", "SHOP": "shop", "auto": "auto",
		"Unknown": "Unknown", "": ""} {
		if got := set.Name(name); got != want {
			t.Errorf("%q is named %q", name, got)
		}
	}
}

func TestASetWithoutSchemesIsTheCatalogue(t *testing.T) {
	var none *catalog.Set
	for _, set := range []*catalog.Set{none, {}} {
		if n := len(set.All()); n != len(catalog.All()) {
			t.Error(n)
		}
		if s, ok := set.Lookup("stripe"); !ok || s.Name != "stripe" {
			t.Error(s.Name, ok)
		}
		if _, ok := set.Lookup("shop"); ok {
			t.Error("shop is there")
		}
	}
}

func TestDetectPutsTheUsersSchemeFirst(t *testing.T) {
	set := &catalog.Set{Own: []sign.Scheme{shop(t)}}
	s, _ := set.Lookup("shop")
	m := sign.Message{Method: "POST", Header: http.Header{}, Body: []byte(`{}`), Time: time.Unix(1700000000, 0)}
	if found := set.Detect(m); len(found) != 0 {
		t.Errorf("an unsigned message is %s", found[0].Name)
	}
	signed, err := s.Sign(m, sign.Secret{Key: []byte("secret")})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range signed.Fields {
		m.Header.Set(f.Name, f.Value)
	}
	found := set.Detect(m)
	if len(found) < 2 || found[0].Name != "shop" || found[1].Name != "github" {
		t.Errorf("%d schemes: %v", len(found), found)
	}
	if found := new(catalog.Set).Detect(m); len(found) == 0 || found[0].Name != "github" {
		t.Errorf("%v", found)
	}
}

func TestWhatASetReturnsIsTheCallers(t *testing.T) {
	set := &catalog.Set{Own: []sign.Scheme{shop(t)}}
	one, _ := set.Lookup("shop")
	one.Aliases[0] = "changed"
	all := set.All()
	all[0].Aliases[0], all[1].Aliases[0] = "changed", "changed"
	if s, _ := set.Lookup("shop"); s.Aliases[0] != "github" {
		t.Error(s.Aliases)
	}
	if _, ok := set.Lookup("hmac-sha256"); !ok {
		t.Error("the catalogue was changed")
	}
}

func TestEveryRowIsValidAndNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range catalog.All() {
		if err := catalog.Validate(s); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		for _, name := range append(s.Aliases, s.Name) {
			if seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
	}
}
