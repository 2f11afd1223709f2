package sign_test

import (
	"bytes"
	"testing"

	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/sign/catalog"
)

// benchmarked are a plain scheme, the one used most, and one of each expensive kind.
var benchmarked = []string{"github", "standard-webhooks", "stripe", "twilio", "discord", "sendgrid", "paypal"}

func benchMessage(s sign.Scheme) sign.Message {
	m := newMessage(s)
	if s.Code == "" {
		m.Body = append(m.Body, bytes.Repeat([]byte(" "), 1024-len(m.Body))...)
	}
	m.Header.Set("Host", "hooks.example.com")
	m.Header.Set("User-Agent", "barb/1")
	m.Header.Set("Content-Length", "1024")
	m.Header.Set("Accept", "*/*")
	return m
}

func BenchmarkSign1KiB(b *testing.B) {
	for _, name := range benchmarked {
		s := lookup(b, name)
		m, keys := benchMessage(s), newPair(s, 0)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Sign(m, keys.signing); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify1KiB(b *testing.B) {
	for _, name := range benchmarked {
		s := lookup(b, name)
		keys := newPair(s, 0)
		m := deliver(b, s, benchMessage(s), keys.signing)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Verify(m, at, keys.verifying); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The same as above, with secrets that are read once.
func BenchmarkPrepared1KiB(b *testing.B) {
	for _, name := range benchmarked {
		s := lookup(b, name)
		m, keys := benchMessage(s), newPair(s, 0)
		signer, err := s.PrepareSigning(nil, keys.signing)
		verifier, err2 := s.PrepareVerifying(nil, keys.verifying)
		if err != nil || err2 != nil {
			b.Fatal(err, err2)
		}
		b.Run(name+"/sign", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := signer.Sign(m); err != nil {
					b.Fatal(err)
				}
			}
		})
		signed := deliver(b, s, m, keys.signing)
		b.Run(name+"/verify", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := verifier.Verify(signed, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDetect(b *testing.B) {
	s := lookup(b, "github")
	m := deliver(b, s, benchMessage(s), newPair(s, 0).signing)
	b.ReportAllocs()
	for b.Loop() {
		if len(new(catalog.Set).Detect(m)) != 1 {
			b.Fatal("not found")
		}
	}
}

func BenchmarkEventOf1KiB(b *testing.B) {
	s := lookup(b, "standard-webhooks")
	m := benchMessage(s)
	b.ReportAllocs()
	for b.Loop() {
		if s.Event(m) != "invoice.paid" {
			b.Fatal("not found")
		}
	}
}

func BenchmarkSignStream(b *testing.B) {
	s := lookup(b, "github")
	keys := newPair(s, 0)
	data := make([]byte, 64<<20)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		m := newMessage(s)
		m.Body, m.Stream = nil, bytes.NewReader(data)
		if _, err := s.Sign(m, keys.signing); err != nil {
			b.Fatal(err)
		}
	}
}
