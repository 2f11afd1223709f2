package agent

import (
	"bufio"
	"cmp"
	"context"
	_ "embed" // for arguments.txt
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/barbhq/barb/commands/fail"
)

// instructions are what a client is told of the server as a whole.
const instructions = "barb records the webhooks that this machine received and sent. Use list to find one, show to " +
	"read it, explain to learn why its signature is not valid, wait to wait for the next. " + notice +
	" Secrets are named, never shown: refer to them as barb.toml does (env:NAME). Hints may name flags of the " +
	"command line: --new-id is the argument new_id. Tool results are paged: pass next_cursor or next_offset on."

// speak serves the protocol on stdin and stdout.
func (a *agent) speak(ctx context.Context) error {
	server := mcp.NewServer(&mcp.Implementation{Name: "barb", Title: "barb webhooks", Version: a.sh.Version},
		&mcp.ServerOptions{Instructions: instructions, Capabilities: &mcp.ServerCapabilities{
			Tools: &mcp.ToolCapabilities{}, Resources: &mcp.ResourceCapabilities{}}})
	a.addReads(ctx, server)
	if a.sends {
		a.addSends(ctx, server)
	}
	a.addResources(server)
	out := &oneAtATime{w: a.sh.Out}
	read, write := io.Pipe()
	go (&lines{in: bufio.NewReaderSize(a.sh.In, 64<<10), out: out}).copyTo(write)
	err := server.Run(ctx, &mcp.IOTransport{Reader: read, Writer: out, MaxLineLength: mostLine + 2})
	_ = read.Close()
	ended := err == nil || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "server is closing")
	if !ended && ctx.Err() == nil {
		return fail.Local("the protocol: %w", err)
	}
	return nil
}

// add adds a tool whose arguments are an A. Its answers are the same for all tools, so that a schema of them in the
// description of each would only cost the model's attention. A call ends with the server.
func add[A any](serving context.Context, server *mcp.Server, tool *mcp.Tool,
	do func(context.Context, A) *answer) {
	tool.InputSchema = schemaOf[A](tool.Name)
	mcp.AddTool(server, tool, func(ctx context.Context, _ *mcp.CallToolRequest, in A) (*mcp.CallToolResult, any, error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(serving, cancel)()
		r := do(ctx, in)
		return r.result(), r, nil
	})
}

// schemaOf returns the schema of arguments. A list is a list: not every client understands that it may be null as well.
func schemaOf[A any](tool string) *jsonschema.Schema {
	s, err := jsonschema.For[A](nil)
	if err != nil {
		panic(err) // a mistake in the tags of the fields
	}
	words := described()
	for name, p := range s.Properties {
		p.Description = cmp.Or(words[name+" of "+tool], words[name])
		if slices.Contains(p.Types, "array") {
			p.Type, p.Types = "array", nil
		} else if len(p.Types) > 0 {
			p.Type, p.Types = p.Types[len(p.Types)-1], nil
		}
	}
	return s
}

//go:embed arguments.txt
var arguments string

// described returns the descriptions of the arguments by their names, and those for one tool by "NAME of TOOL".
func described() map[string]string {
	all, name := map[string]string{}, ""
	_, text, _ := strings.Cut(arguments, "\n\n")
	for line := range strings.Lines(text) {
		words := strings.TrimSpace(line)
		if strings.HasPrefix(line, " ") {
			all[name] = strings.TrimSpace(all[name] + " " + words)
		} else {
			name = words
		}
	}
	return all
}

func reads(title string) *mcp.ToolAnnotations {
	no := false
	return &mcp.ToolAnnotations{Title: title, ReadOnlyHint: true, IdempotentHint: true, DestructiveHint: &no,
		OpenWorldHint: &no}
}

func sends(title string, isOpen bool) *mcp.ToolAnnotations {
	destroys := true
	return &mcp.ToolAnnotations{Title: title, DestructiveHint: &destroys, OpenWorldHint: &isOpen}
}

// addReads adds the tools that change nothing.
func (a *agent) addReads(ctx context.Context, server *mcp.Server) {
	add(ctx, server, &mcp.Tool{Name: "list", Annotations: reads("List webhooks"),
		Description: "The webhooks of the history, newest first, as barb history --json prints them: id, event type, " +
			"scheme, verdict, status, outcome, attempts; no headers and bodies. Filters combine. Pages by next_cursor."}, a.list)
	add(ctx, server, &mcp.Tool{Name: "show", Annotations: reads("Show a webhook"),
		Description: "One webhook with its URL, headers, attempts, verdict and a part of its body (8 KiB unless body_limit " +
			"says more; body_offset reads on). Credentials in headers are masked."}, a.show)
	add(ctx, server, &mcp.Tool{Name: "wait", Annotations: reads("Wait for webhooks"),
		Description: "The webhooks that come while it waits, or came in the last minute, and meet the filters. Exit 4: too " +
			"few came in time, and the result says which came nearest. A listener (barb listen) must run."}, a.wait)
	add(ctx, server, &mcp.Tool{Name: "verify", Annotations: reads("Verify a signature"),
		Description: "The verdict about a signature, of a recorded webhook (id) or of headers and body that you give. Exit " +
			"0: valid, 1: not valid. The secret is the one that barb.toml or BARB_SECRET configures."}, a.verify)
	add(ctx, server, &mcp.Tool{Name: "explain", Annotations: reads("Explain a bad signature"),
		Description: "The reason why a signature is not valid, and what would have made it match, with the fix for the web " +
			"framework of this folder: a parsed body, another secret, a clock, a proxy that changed the URL. Takes up to 2 s."},
		a.explain)
	add(ctx, server, &mcp.Tool{Name: "diff", Annotations: reads("Compare two webhooks"),
		Description: "The differences of two webhooks or attempts: headers by name, JSON and forms by path, text by line. " +
			"Exit 1: they differ, 0: they do not."}, a.diff)
	add(ctx, server, &mcp.Tool{Name: "schemes", Annotations: reads("List signature schemes"),
		Description: "The names of the signature schemes that barb knows, or all of one scheme: its headers, what is " +
			"signed, its tolerance and sources."}, a.schemes)
}

// addSends adds the tools that sign or send, which --allow-send offers.
func (a *agent) addSends(ctx context.Context, server *mcp.Server) {
	isOpen := len(a.may) > 0
	where := " Sends to this machine only."
	if isOpen {
		where = " Sends to this machine and to " + strings.Join(a.may, ", ") + " only."
	}
	add(ctx, server, &mcp.Tool{Name: "sign", Annotations: sends("Sign a body", false),
		Description: "The signature headers of a body, made with a secret that the user configured."}, a.sign)
	add(ctx, server, &mcp.Tool{Name: "send", Annotations: sends("Send a webhook", isOpen),
		Description: "A signed webhook that is sent, with a result for each attempt. Every attempt is in the history; show " +
			"has the answer of the receiver. Exit 1: an answer came and is not 2xx, 3: no answer came." + where}, a.send)
	add(ctx, server, &mcp.Tool{Name: "replay", Annotations: sends("Replay webhooks", isOpen),
		Description: "Recorded webhooks that are sent again, signed anew, to where they went before or to another URL, " +
			"changed by set. Exit 1 unless every answer is 2xx or what assert asks for." + where}, a.replay)
	add(ctx, server, &mcp.Tool{Name: "probe", Annotations: sends("Grade a receiver", isOpen),
		Description: "The grade of a webhook receiver, F to A*, with a result and a fix for each check. Sends some hundred " +
			"requests: forged, old, repeated, huge and slow ones." + where}, a.probe)
}
