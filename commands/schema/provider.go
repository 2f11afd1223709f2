package schema

import (
	"time"

	"github.com/barbhq/barb/deliver/provider"
)

// Provider is how a known service delivers.
type Provider struct {
	Schema      int       `json:"schema"`
	Name        string    `json:"name"`
	Title       string    `json:"title"`
	Scheme      string    `json:"scheme"`
	UserAgent   string    `json:"user_agent,omitempty"`
	Headers     []Field   `json:"headers"`
	Timeout     float64   `json:"timeout_s"`
	Connect     float64   `json:"connect_timeout_s,omitempty"`
	Total       float64   `json:"deadline_s,omitempty"`
	Retries     int       `json:"retries"`
	Within      float64   `json:"within_s,omitempty"`
	Waits       []float64 `json:"waits_s"`
	WaitsPublic bool      `json:"waits_public"` // false: invented to fit the number of retries and their time
	Vary        float64   `json:"vary,omitempty"`
	Variants    []Variant `json:"variants,omitempty"`
	RetryOn     string    `json:"retry_on"`
	NoRetry     string    `json:"no_retry,omitempty"`
	RetryFields []Field   `json:"retry_fields,omitempty"`
	Redirects   string    `json:"redirects"`
	Gone        string    `json:"gone,omitempty"`
	Disables    string    `json:"disables,omitempty"`
	Docs        []string  `json:"docs"`
	Doubt       string    `json:"doubt"`
}

// Field is a header field of a provider's requests.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Variant is another schedule of a provider.
type Variant struct {
	Name  string    `json:"name"`
	Waits []float64 `json:"waits_s"`
	Note  string    `json:"note"`
}

// NewProvider returns a provider's delivery.
func NewProvider(p *provider.Provider) Provider {
	out := Provider{Schema: 1, Name: p.Name, Title: p.Title, Scheme: p.Scheme, UserAgent: p.UserAgent,
		Headers: []Field{}, Timeout: p.Timeout.Seconds(), Connect: p.Connect.Seconds(),
		Total: p.Total.Seconds(), Retries: p.Retries, Within: p.Within.Seconds(), Waits: seconds(p.Schedule()),
		WaitsPublic: !p.IsMadeUp(), Vary: p.Vary, RetryOn: p.RetryOn, NoRetry: p.NoRetry,
		Redirects: p.Redirects, Gone: p.Gone, Disables: p.Disables, Docs: p.Docs, Doubt: p.Doubt}
	for _, f := range p.Headers {
		out.Headers = append(out.Headers, Field(f))
	}
	for _, f := range p.RetryFields {
		out.RetryFields = append(out.RetryFields, Field(f))
	}
	for _, v := range p.Variants {
		out.Variants = append(out.Variants, Variant{Name: v.Name, Waits: seconds(v.Schedule()), Note: v.Note})
	}
	return out
}

func seconds(waits []time.Duration) []float64 {
	out := make([]float64, len(waits))
	for i, wait := range waits {
		out[i] = wait.Seconds()
	}
	return out
}
