package agent

import (
	"context"
	"encoding/json"
	"io/fs"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/barbhq/barb/docs"
)

const (
	webhookURI = "barb://webhook/"
	docsURI    = "barb://docs/"
)

// addResources adds the webhooks and the pages of the documentation.
func (a *agent) addResources(server *mcp.Server) {
	server.AddResourceTemplate(&mcp.ResourceTemplate{URITemplate: webhookURI + "{id}", Name: "webhook",
		Title: "A webhook of the history", MIMEType: "text/plain",
		Description: "A webhook by its id, or @ for the newest, as the tool show returns it. " + notice}, a.readWebhook)
	for name, title := range pages() {
		server.AddResource(&mcp.Resource{URI: docsURI + name, Name: name, Title: title, MIMEType: "text/markdown",
			Description: "A page of barb's documentation: " + title}, readPage)
	}
}

// pages are the names of the pages of the documentation and their titles.
func pages() map[string]string {
	all := map[string]string{}
	files, _ := fs.Glob(docs.Pages, "*.md") // the pattern is right
	for _, file := range files {
		text, err := docs.Pages.ReadFile(file)
		if err != nil {
			continue
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		all[strings.TrimSuffix(file, ".md")] = title
	}
	return all
}

func readPage(_ context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	name, ok := strings.CutPrefix(r.Params.URI, docsURI)
	if _, isPage := pages()[name]; !ok || !isPage {
		return nil, mcp.ResourceNotFoundError(r.Params.URI)
	}
	text, err := docs.Pages.ReadFile(name + ".md")
	return contents(r, "text/markdown", string(text)), err
}

func (a *agent) readWebhook(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	id, ok := strings.CutPrefix(r.Params.URI, webhookURI)
	if !ok {
		return nil, mcp.ResourceNotFoundError(r.Params.URI)
	}
	shown := a.show(ctx, showArgs{ID: strings.ReplaceAll(id, "%40", "@")})
	if shown.isError() {
		if data, err := json.Marshal(shown); err == nil && len(shown.Messages) == 0 {
			return contents(r, "text/plain", string(data)), nil
		}
		return nil, mcp.ResourceNotFoundError(r.Params.URI)
	}
	return contents(r, "text/plain", shown.framed()), nil
}

func contents(r *mcp.ReadResourceRequest, kind, text string) *mcp.ReadResourceResult {
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: kind, Text: text}}}
}
