package agent

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/agent/mcp"
	"github.com/barbhq/barb/docs"
)

const (
	webhookURI = "barb://webhook/"
	docsURI    = "barb://docs/"

	catalogueURI = "barb://catalogue/"
)

// templates returns the webhooks of the history.
func templates() []mcp.Template {
	return []mcp.Template{{URI: webhookURI + "{id}", Name: "webhook", Title: "A webhook of the history",
		MIMEType:    "text/plain",
		Description: "A webhook by its id, or @ for the newest, as the tool show returns it. " + notice}}
}

// resources returns the pages of the documentation.
func resources() (all []mcp.Resource) {
	for _, name := range []string{"schemes", "providers", "events"} {
		all = append(all, mcp.Resource{URI: catalogueURI + name, Name: name, Title: "The names of all " + name,
			MIMEType: "text/plain", Description: "What the tool " + name + " lists without a name"})
	}
	titles := pages()
	for _, name := range slices.Sorted(maps.Keys(titles)) {
		all = append(all, mcp.Resource{URI: docsURI + name, Name: name, Title: titles[name], MIMEType: "text/markdown",
			Description: "A page of barb's documentation: " + titles[name]})
	}
	return all
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

// readResource returns the text of a page or a webhook.
func (a *agent) readResource(ctx context.Context, uri string) (kind, text string, err error) {
	if name, ok := strings.CutPrefix(uri, docsURI); ok {
		return readPage(name)
	}
	if name, ok := strings.CutPrefix(uri, catalogueURI); ok {
		return a.readCatalogue(ctx, name)
	}
	id, ok := strings.CutPrefix(uri, webhookURI)
	if !ok {
		return "", "", mcp.ErrNoResource
	}
	shown := a.show(ctx, showArgs{ID: strings.ReplaceAll(id, "%40", "@")})
	if !shown.isError() {
		return "text/plain", shown.framed(), nil
	}
	if data, err := json.Marshal(shown); err == nil && len(shown.Messages) == 0 {
		return "text/plain", string(data), nil
	}
	return "", "", mcp.ErrNoResource
}

// readCatalogue returns the names of a catalogue.
func (a *agent) readCatalogue(ctx context.Context, name string) (kind, text string, err error) {
	switch name {
	case "schemes":
		return "text/plain", a.schemes(ctx, schemesArgs{}).framed(), nil
	case "providers":
		return "text/plain", a.providers(ctx, providersArgs{}).framed(), nil
	case "events":
		return "text/plain", a.events(ctx, eventsArgs{}).framed(), nil
	}
	return "", "", mcp.ErrNoResource
}

func readPage(name string) (kind, text string, err error) {
	if _, isPage := pages()[name]; !isPage {
		return "", "", mcp.ErrNoResource
	}
	data, err := docs.Pages.ReadFile(name + ".md")
	return "text/markdown", string(data), err
}
