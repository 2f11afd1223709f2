package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// request is one line of stdin. Op is list, verify or sign.
type request struct {
	ID       int64             `json:"id"`
	Op       string            `json:"op"`
	Provider string            `json:"provider"`
	SDK      string            `json:"sdk"`
	Method   string            `json:"method"`
	URL      string            `json:"url"`
	Headers  []field           `json:"headers"`
	Body     []byte            `json:"body_b64"`
	Secrets  []string          `json:"secrets"`
	Params   map[string]string `json:"params"`
	IDHint   string            `json:"id_hint"`
	Time     float64           `json:"time"` // Unix seconds: the time of signing, or the clock of an SDK that accepts one
}

// field is a header line: its name and its value.
type field [2]string

// answer is one line of stdout. A fault is the adapter's own failure, without a verdict.
type answer struct {
	ID       int64         `json:"id"`
	Verdict  string        `json:"verdict,omitempty"` // valid or invalid
	Error    string        `json:"error,omitempty"`   // the SDK's error when it refused
	Fault    string        `json:"fault,omitempty"`
	Headers  []field       `json:"headers,omitempty"`
	Adapters []description `json:"adapters,omitempty"`
}

// description is one adapter in the list.
type description struct {
	Provider  string `json:"provider"`
	SDK       string `json:"sdk"`
	Version   string `json:"version"`
	Function  string `json:"function"`
	Verify    bool   `json:"verify"`
	Sign      bool   `json:"sign"`
	Handshake bool   `json:"handshake"`
	OneSecret bool   `json:"one_secret"`
	Clock     string `json:"clock"` // real, argument or none
}

// header returns the fields as net/http passes them to an SDK.
func (r *request) header() http.Header {
	h := http.Header{}
	for _, f := range r.Headers {
		h.Add(f[0], f[1])
	}
	return h
}

// secret returns the secret for an SDK with a single secret.
func (r *request) secret() string { return r.Secrets[0] }

func (r *request) clock() time.Time { return time.Unix(int64(r.Time), 0) }

// http returns the request as a server passes it to an SDK that reads it itself.
func (r *request) http() (*http.Request, error) {
	req, err := http.NewRequest(r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	req.Header = r.header()
	return req, nil
}

// member decodes the body, a JSON object, into out.
func (r *request) member(out any) error {
	if err := json.Unmarshal(r.Body, out); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}
