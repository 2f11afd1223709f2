package config

import (
	"github.com/pelletier/go-toml/v2"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/units"
)

// tomlScheme is a [scheme.NAME] as it is written.
type tomlScheme struct {
	Auth      sign.Auth      `toml:"auth"`
	Hash      sign.Hash      `toml:"hash,omitempty"`
	Enc       sign.Encoding  `toml:"enc,omitempty"`
	Key       sign.KeyForm   `toml:"key"`
	Content   string         `toml:"content,omitempty"`
	Header    string         `toml:"header"`
	Split     string         `toml:"split,omitempty"`
	Prefix    string         `toml:"prefix,omitempty"`
	Format    string         `toml:"format,omitempty"`
	Time      *tomlTimestamp `toml:"time,inline,omitempty"`
	Tolerance string         `toml:"tolerance,omitempty"`
	IDIn      sign.Place     `toml:"id_in,omitempty"`

	UnsignedTime bool `toml:"unsigned_time,omitempty"`
	NoSeparator  bool `toml:"no_separator,omitempty"`
}

type tomlTimestamp struct {
	In   sign.Place `toml:"in,omitempty"`
	Key  string     `toml:"key,omitempty"`
	Unit sign.Unit  `toml:"unit"`
}

// SchemeTOML returns a scheme as a table for barb.toml.
func SchemeTOML(s sign.Scheme) (string, error) {
	t := tomlScheme{Auth: s.Auth, Hash: s.Hash, Enc: s.Enc, Key: s.Key, Content: s.Content, Header: s.Header,
		Split:  s.Split,
		Prefix: s.Prefix, Format: s.Format, IDIn: s.IDIn, UnsignedTime: s.UnsignedTime, NoSeparator: s.NoSeparator}
	if s.Time.Unit != "" {
		t.Time, t.Tolerance = &tomlTimestamp{s.Time.In, s.Time.Key, s.Time.Unit}, units.FormatDuration(s.Tolerance.Past)
	}
	data, err := toml.Marshal(t)
	if err != nil {
		return "", fail.Local("toml: %w", err)
	}
	return "[scheme." + s.Name + "]\n" + string(data), nil
}
