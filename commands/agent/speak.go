package agent

import (
	"cmp"
	"context"
	_ "embed" // for arguments.txt
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/agent/mcp"
	"github.com/barbhq/barb/commands/fail"
)

// instructions are what a client is told of the server as a whole.
const instructions = "barb records the webhooks that this machine received and sent. Use list to find one, show to " +
	"read it, explain to learn why its signature is not valid, wait to wait for the next. " + notice +
	" Secrets are named, never shown: refer to them as barb.toml does (env:NAME). Hints may name flags of the " +
	"command line: --new-id is the argument new_id. Tool results are paged: pass next_cursor or next_offset on."

// speak serves the protocol on stdin and stdout.
func (a *agent) speak(ctx context.Context) error {
	server := &mcp.Server{Name: "barb", Title: "barb webhooks", Version: a.sh.Version, Instructions: instructions,
		Tools: a.reads(), Resources: resources(), Templates: templates(), Read: a.readResource}
	if a.sends {
		server.Tools = append(server.Tools, a.sending()...)
	}
	slices.SortFunc(server.Tools, func(x, y mcp.Tool) int { return strings.Compare(x.Name, y.Name) })
	if err := server.Serve(ctx, a.sh.In, a.sh.Out); err != nil {
		return fail.Local("the protocol: %w", err)
	}
	return nil
}

// tool returns a tool whose arguments are an A. The answers of all tools have one form, which their descriptions do not
// repeat: it would only cost the model's attention.
func tool[A any](name string, about mcp.Annotations, description string, do func(context.Context, A) *answer) mcp.Tool {
	words := described()
	schema := mcp.SchemaOf(reflect.TypeFor[A](), func(argument string) string {
		return cmp.Or(words[argument+" of "+name], words[argument])
	})
	call := func(ctx context.Context, arguments json.RawMessage) mcp.Result {
		var in A
		if len(arguments) > 0 && json.Unmarshal(arguments, &in) != nil {
			return mcp.Result{Text: "the arguments could not be read", IsError: true}
		}
		return do(ctx, in).result()
	}
	return mcp.Tool{Name: name, Annotations: about, Description: description, Schema: schema, Call: call}
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

func reads(title string) mcp.Annotations {
	return mcp.Annotations{Title: title, ReadOnly: true, Idempotent: true}
}

func sends(title string, isOpen bool) mcp.Annotations {
	return mcp.Annotations{Title: title, Destructive: true, OpenWorld: isOpen}
}

// reads returns the tools that change nothing.
func (a *agent) reads() []mcp.Tool {
	return []mcp.Tool{
		tool("list", reads("List webhooks"),
			"The webhooks of the history, newest first, as barb history --json prints them: id, event type, "+
				"scheme, verdict, status, outcome, attempts; no headers and bodies. Filters combine. Pages by next_cursor.",
			a.list),
		tool("show", reads("Show a webhook"),
			"One webhook with its URL, headers, attempts, verdict and a part of its body (8 KiB unless body_limit "+
				"says more; body_offset reads on). Credentials in headers are masked.", a.show),
		tool("wait", reads("Wait for webhooks"),
			"The webhooks that come while it waits, or came in the last minute, and meet the filters. Exit 4: too "+
				"few came in time, and the result says which came nearest. A listener (barb listen) must run.", a.wait),
		tool("verify", reads("Verify a signature"),
			"The verdict about a signature, of a recorded webhook (id) or of headers and body that you give. Exit "+
				"0: valid, 1: not valid. It uses the secret of barb.toml or BARB_SECRET.", a.verify),
		tool("explain", reads("Explain a bad signature"),
			"The reason why a signature is not valid, and what would have made it match, with the fix for the web "+
				"framework of this folder: a parsed body, another secret, a clock, a proxy that changed the URL. Takes up to 2 s.",
			a.explain),
		tool("diff", reads("Compare two webhooks"),
			"The differences of two webhooks or attempts: headers by name, JSON and forms by path, text by line. "+
				"Exit 1: they differ, 0: they do not.", a.diff),
		tool("schemes", reads("List signature schemes"),
			"The names of the signature schemes that barb knows, or all of one scheme: its headers, what is "+
				"signed, its tolerance and sources.", a.schemes),
	}
}

// sending returns the tools that sign or send, which --allow-send offers.
func (a *agent) sending() []mcp.Tool {
	isOpen := len(a.may) > 0
	where := " Sends to this machine only."
	if isOpen {
		where = " Sends to this machine and to " + strings.Join(a.may, ", ") + " only."
	}
	return []mcp.Tool{
		tool("sign", sends("Sign a body", false),
			"The signature headers of a body, made with a secret that the user configured.", a.sign),
		tool("send", sends("Send a webhook", isOpen),
			"A signed webhook that is sent, with a result for each attempt. Every attempt is in the history; show "+
				"has the answer of the receiver. Exit 1: an answer came and is not 2xx, 3: no answer came."+where, a.send),
		tool("replay", sends("Replay webhooks", isOpen),
			"Recorded webhooks that are sent again, signed anew, to where they went before or to another URL, "+
				"changed by set. Exit 1 unless every answer is 2xx or what assert asks for."+where, a.replay),
		tool("probe", sends("Grade a receiver", isOpen),
			"The grade of a webhook receiver, F to A*, with a result and a fix for each check. Sends some hundred "+
				"requests: forged, old, repeated, huge and slow ones."+where, a.probe),
	}
}
