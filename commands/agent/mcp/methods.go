package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// stateless is the version of the protocol since which a request names its version and no session is opened.
const stateless = "2026-07-28"

// versions are those that are spoken, the newest first. A session is opened with one of the others.
var versions = [...]string{stateless, "2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}

// params are those of all methods.
type params struct {
	Version   string          `json:"protocolVersion"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	URI       string          `json:"uri"`
	Cursor    string          `json:"cursor"`
	Meta      struct {
		Version *string `json:"io.modelcontextprotocol/protocolVersion"`
	} `json:"_meta"`
}

type object = map[string]any

// answer returns the result of a request, which marshals to an object, or a *failure.
func (s *Server) answer(ctx context.Context, method string, raw json.RawMessage) (any, error) {
	var p params
	if len(raw) > 0 && json.Unmarshal(raw, &p) != nil {
		return nil, &failure{Code: codeParams, Message: "invalid params"}
	}
	if v := p.Meta.Version; v == nil {
		return s.do(ctx, method, &p)
	} else if *v != stateless {
		return nil, &failure{Code: codeVersion, Message: "unsupported protocol version",
			Data: object{"supported": versions, "requested": clip(*v)}}
	}
	result, err := s.do(ctx, method, &p)
	if err != nil {
		return nil, err
	}
	return s.complete(result)
}

// complete adds to a result what a client expects that has opened no session.
func (s *Server) complete(result any) (any, error) {
	data, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &members); err != nil {
		return nil, err
	}
	members["resultType"] = json.RawMessage(`"complete"`)
	members["_meta"], err = json.Marshal(object{"io.modelcontextprotocol/serverInfo": s.info()})
	return members, err
}

func (s *Server) info() object { return object{"name": s.Name, "title": s.Title, "version": s.Version} }

// fresh returns a result that a client asks for again each time it needs it.
func fresh(name string, v any) object { return object{name: v, "ttlMs": 0, "cacheScope": "public"} }

func (s *Server) do(ctx context.Context, method string, p *params) (any, error) {
	capabilities := object{"tools": object{}, "resources": object{}}
	switch method {
	case "initialize":
		version := p.Version
		if version == stateless || !slices.Contains(versions[:], version) {
			version = versions[1]
		}
		return object{"protocolVersion": version, "capabilities": capabilities, "serverInfo": s.info(),
			"instructions": s.Instructions}, nil
	case "server/discover":
		result := fresh("supportedVersions", versions)
		result["capabilities"], result["instructions"] = capabilities, s.Instructions
		return result, nil
	case "ping":
		return object{}, nil
	case "tools/list":
		return list(p, "tools", s.Tools)
	case "tools/call":
		return s.call(ctx, p)
	case "resources/list":
		return list(p, "resources", s.Resources)
	case "resources/templates/list":
		return list(p, "resourceTemplates", s.Templates)
	case "resources/read":
		return s.read(ctx, p)
	}
	return nil, &failure{Code: codeMethod, Message: fmt.Sprintf("method not found: %q", clip(method))}
}

// list returns all of a list: it has one page.
func list[T any](p *params, name string, all []T) (any, error) {
	if p.Cursor != "" {
		return nil, &failure{Code: codeParams, Message: "invalid cursor: the list has one page"}
	}
	if all == nil {
		all = []T{}
	}
	return fresh(name, all), nil
}

func (s *Server) call(ctx context.Context, p *params) (any, error) {
	at := slices.IndexFunc(s.Tools, func(t Tool) bool { return t.Name == p.Name })
	if at < 0 {
		text := fmt.Sprintf("unknown tool %q", clip(p.Name))
		if why := s.Withheld[p.Name]; why != "" {
			text += ": " + why
		}
		return nil, &failure{Code: codeParams, Message: text}
	}
	arguments := s.Tools[at].Schema.lenient(p.Arguments)
	if problem := s.Tools[at].Schema.check(arguments); problem != "" { // a model reads it and can do better
		return Result{Text: problem, IsError: true}, nil
	}
	return s.Tools[at].Call(ctx, arguments), nil
}

func (s *Server) read(ctx context.Context, p *params) (any, error) {
	kind, text, err := s.Read(ctx, p.URI)
	switch {
	case errors.Is(err, ErrNoResource):
		code := codeNoResource
		if p.Meta.Version != nil {
			code = codeParams
		}
		return nil, &failure{Code: code, Message: "Resource not found", Data: object{"uri": clip(p.URI)}}
	case err != nil:
		return nil, err
	}
	return fresh("contents", []object{{"uri": p.URI, "mimeType": kind, "text": text}}), nil
}

// clip returns the beginning of a text of a client, which an error repeats.
func clip(text string) string {
	if len(text) > 200 {
		return text[:200] + "…"
	}
	return text
}
