package discover_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
	"github.com/barbhq/barb/sign/discover"
)

// vector is what the tests need of sign/testdata/vectors.
type vector struct {
	Case     string            `json:"case"`
	Expected string            `json:"expected"`
	Secrets  []string          `json:"secrets"`
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Headers  map[string]string `json:"headers"`
	Body     []byte            `json:"body_b64"`
	Params   map[string]string `json:"params"`
}

func (v vector) query() discover.Query {
	q := discover.Query{Message: sign.Message{Method: v.Method, URL: v.URL, Header: http.Header{}, Body: v.Body,
		Params: v.Params}}
	for name, value := range v.Headers {
		q.Message.Header.Set(name, value)
	}
	for _, s := range v.Secrets {
		q.Secrets = append(q.Secrets, sign.Secret{Name: "test", Key: []byte(s)})
	}
	return q
}

func vectors(t *testing.T, scheme string) []vector {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", "vectors", scheme+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Vectors
}

// beyondSearch says why a row of the catalogue is not searched for, "" when it is.
func beyondSearch(s sign.Scheme) string {
	switch {
	case s.Code != "":
		return "its bytes are made by code, not by a template"
	case s.Auth == sign.Token:
		return "a token is no signature"
	case s.Auth != sign.HMAC && s.Auth != sign.Digest, s.JWT != nil:
		return "a public key or a JWT"
	}
	return ""
}

// onlyItsOwn reports whether nobody would guess what a row signs: names of fields, an envelope, a sorted form.
func onlyItsOwn(content string) bool {
	return slices.ContainsFunc([]string{"{json.", "{header.", "{param.", "{item.", "{lb}", "{form"},
		func(name string) bool { return strings.Contains(content, name) })
}

// Every HMAC and digest of the catalogue is found from a message of the provider, its row taken out of what is known
// wherever the signed content is one that can be guessed.
func TestEverySchemeIsFoundWithoutItsName(t *testing.T) {
	searched := 0
	for _, s := range catalog.All() {
		if why := beyondSearch(s); why != "" {
			t.Logf("%s: %s", s.Name, why)
			continue
		}
		searched++
		cases := 0
		for _, v := range vectors(t, s.Name) {
			if v.Expected != "valid" || v.Case != "valid" && !strings.HasPrefix(v.Case, "official") {
				continue
			}
			cases++
			t.Run(s.Name+"/"+v.Case, func(t *testing.T) { isFound(t, s, v) })
		}
		if cases == 0 {
			t.Errorf("%s has no valid vector", s.Name)
		}
	}
	if searched < 13 {
		t.Errorf("%d schemes were searched for", searched)
	}
}

func isFound(t *testing.T, s sign.Scheme, v vector) {
	q := v.query()
	if !onlyItsOwn(s.Content) {
		q.Known = slices.DeleteFunc(catalog.All(), func(k sign.Scheme) bool { return k.Name == s.Name })
	}
	found := find(t, q)
	if found.Auth != s.Auth || found.Hash != s.Hash || found.Enc != s.Enc || !slices.ContainsFunc(append(s.Alt, s.Header),
		func(header string) bool { return strings.EqualFold(header, found.Header) }) {
		t.Errorf("found %+v", found)
	}
	if len(v.Body) > 0 && !strings.HasPrefix(s.Header, "json:") && found.Content != s.Content && !onlyItsOwn(s.Content) {
		t.Errorf("found content %q, want %q", found.Content, s.Content)
	}
	if _, taken := catalog.Lookup(found.Name); taken {
		t.Errorf("%s is a name of the catalogue", found.Name)
	}
}
