// Package mcp serves the Model Context Protocol on two streams.
package mcp

import (
	"context"
	"encoding/json"
	"errors"
)

// Server is what a client is offered. It is not changed while it serves.
type Server struct {
	Name         string
	Title        string
	Version      string
	Instructions string // for the model, about the server as a whole
	Tools        []Tool
	Withheld     map[string]string // why a tool is not there, by its name
	Resources    []Resource
	Templates    []Template
	// Read returns the text of the resource that a URI names, with its media type, or ErrNoResource.
	Read func(ctx context.Context, uri string) (kind, text string, err error)
}

// ErrNoResource is the error about a URI that names no resource.
var ErrNoResource = errors.New("no such resource")

// Tool is a function that a model may call.
type Tool struct {
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Schema      *Schema     `json:"inputSchema"`
	Annotations Annotations `json:"annotations"`
	// Call is called with the JSON of the arguments, which Schema has checked. Several calls run at the same time.
	Call func(ctx context.Context, arguments json.RawMessage) Result `json:"-"`
}

// Annotations are hints about what a tool does.
type Annotations struct {
	Title       string `json:"title"`
	ReadOnly    bool   `json:"readOnlyHint"`
	Destructive bool   `json:"destructiveHint"`
	Idempotent  bool   `json:"idempotentHint"`
	OpenWorld   bool   `json:"openWorldHint"` // it reaches other machines
}

// Result is what a tool answers: the same as text for the model and as data that marshals to a JSON object.
type Result struct {
	Text    string
	Data    any
	IsError bool
}

// MarshalJSON returns the result in the form of the protocol.
func (r Result) MarshalJSON() ([]byte, error) {
	type content struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	return json.Marshal(struct {
		Content []content `json:"content"`
		Data    any       `json:"structuredContent,omitempty"`
		IsError bool      `json:"isError,omitempty"`
	}{[]content{{"text", r.Text}}, r.Data, r.IsError})
}

// Resource is a text that a client may read.
type Resource struct {
	URI         string `json:"uri"`
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	MIMEType    string `json:"mimeType"`
}

// Template is a URI with a {variable}, which stands for many resources.
type Template struct {
	URI         string `json:"uriTemplate"`
	Name        string `json:"name"`
	Title       string `json:"title"`
	Description string `json:"description"`
	MIMEType    string `json:"mimeType"`
}

// The codes of errors.
const (
	codeParse      = -32700
	codeRequest    = -32600
	codeMethod     = -32601
	codeParams     = -32602
	codeInternal   = -32603
	codeBusy       = -32000
	codeNoResource = -32002 // since 2026-07-28 it is codeParams
	codeVersion    = -32022
)

// failure is an error that a client gets.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (f *failure) Error() string { return f.Message }
