package discover

import (
	"crypto/hmac"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/barbhq/barb/sign"
)

// keyed is a form of secret with the secrets that can be read in it.
type keyed struct {
	form    sign.KeyForm
	secrets []sign.Secret
	index   []int // index of each among all secrets
}

// forms returns the possible forms of the secrets: the usual ones, then those of known schemes.
func forms(secrets []sign.Secret, known []sign.Scheme) (all []keyed) {
	tried := []sign.KeyForm{sign.Raw, sign.Whsec, sign.Base64Key, sign.HexKey}
	for _, k := range known {
		// whsec? and whsec+raw are tried as whsec and raw.
		if (k.Auth == sign.HMAC || k.Auth == sign.Digest) && k.Key != sign.WhsecOrRaw && k.Key != sign.WhsecAndRaw &&
			!slices.Contains(tried, k.Key) {
			tried = append(tried, k.Key)
		}
	}
	for _, form := range tried {
		k := keyed{form: form}
		probe := sign.Scheme{Auth: sign.HMAC, Hash: sign.SHA256, Key: form}
		for i, secret := range secrets {
			// Whsec without its prefix is base64.
			if probe.CheckSecret(secret, true) == nil && (form != sign.Whsec || strings.Contains(string(secret.Key), "whsec_")) {
				k.secrets, k.index = append(k.secrets, secret), append(k.index, i)
			}
		}
		if len(k.secrets) > 0 {
			all = append(all, k)
		}
	}
	return all
}

// trial is a content with a chosen timestamp and id.
type trial struct {
	content
	time, id group
}

// try computes the sums of a trial for every hash and key, and compares them with the signatures.
func (s *search) try(t *trial, hashes []sign.Hash, signatures []signature) error {
	m, template := s.prepare(t)
	for _, hash := range hashes {
		for i := range s.keys {
			k := &s.keys[i]
			if t.auth == sign.Digest && k.form != sign.Raw {
				continue
			}
			if err := s.spend(len(k.secrets), t.content); err != nil {
				return err
			}
			computed := sums(t.auth, hash, k, template, m)
			s.result.Tried += len(computed)
			for _, sum := range computed {
				for _, candidate := range signatures {
					if hmac.Equal(sum, candidate.sum) && s.buildScheme(t, k, &candidate) {
						return nil
					}
				}
			}
		}
	}
	return nil
}

// prepare passes the timestamp, the id and the items of a value to sign as params: sign uses params byte for byte,
// whatever their unit or place.
func (s *search) prepare(t *trial) (sign.Message, string) {
	m := s.Message
	m.Params = maps.Clone(m.Params)
	if m.Params == nil {
		m.Params = map[string]string{}
	}
	m.Params["discover.ts"], m.Params["discover.id"] = t.time.text, t.id.text
	names := []string{"{ts}", "{param.discover.ts}", "{id}", "{param.discover.id}"}
	for _, v := range s.found.ids {
		if v.key != "" {
			m.Params["discover."+v.name] = v.text
			names = append(names, "{"+v.name+"}", "{param.discover."+v.name+"}")
		}
	}
	return m, strings.NewReplacer(names...).Replace(t.template)
}

// sums returns the signatures that sign computes for such a scheme; none when the message lacks a name of the template.
func sums(auth sign.Auth, hash sign.Hash, k *keyed, template string, m sign.Message) (all [][]byte) {
	probe := sign.Scheme{Name: "probe", Auth: auth, Hash: hash, Enc: sign.Hex, Key: k.form, Content: template,
		Header: "Probe", Split: ",", More: ",{sig}"}
	signed, err := probe.Sign(m, k.secrets...)
	if err != nil {
		return nil
	}
	for _, field := range signed.Fields {
		for text := range strings.SplitSeq(field.Value, ",") {
			if sum, err := hex.DecodeString(text); err == nil {
				all = append(all, sum)
			}
		}
	}
	return all
}
