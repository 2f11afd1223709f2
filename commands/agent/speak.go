package agent

import (
	"cmp"
	"context"
	_ "embed" // for the descriptions
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
	" Secrets are named, never shown: refer to them as barb.toml does (env:NAME). [hidden env:NAME] stands where a " +
	"secret was; the number id of a webhook is always whole. Hints may name flags of the " +
	"command line: --new-id is the argument new_id. Tool results are paged: pass next_cursor or next_offset on."

// speak serves the protocol on stdin and stdout.
func (a *agent) speak(ctx context.Context) error {
	server := &mcp.Server{Name: "barb", Title: "barb webhooks", Version: a.sh.Version, Instructions: instructions,
		Tools: a.reads(), Resources: resources(), Templates: templates(), Read: a.readResource}
	if a.sends {
		server.Tools = append(server.Tools, a.sending()...)
	} else {
		server.Withheld = map[string]string{}
		for _, t := range a.sending() {
			server.Withheld[t.Name] = "the user has to start barb mcp with --allow-send"
		}
	}
	slices.SortFunc(server.Tools, func(x, y mcp.Tool) int { return strings.Compare(x.Name, y.Name) })
	if err := server.Serve(ctx, a.sh.In, a.sh.Out); err != nil {
		return fail.Local("the protocol: %w", err)
	}
	return nil
}

// tool returns a tool whose arguments are an A. The answers of all tools have one form, which their descriptions do not
// repeat: it would only cost the model's attention.
func tool[A any](name string, about mcp.Annotations, do func(context.Context, A) *answer) mcp.Tool {
	words := described(arguments)
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
	return mcp.Tool{Name: name, Annotations: about, Description: described(tools)[name], Schema: schema, Call: call}
}

//go:embed arguments.txt
var arguments string

//go:embed tools.txt
var tools string

// described returns the descriptions in a text by their names: of the tools, or of the arguments, where those for one
// tool are called "NAME of TOOL".
func described(text string) map[string]string {
	all, name := map[string]string{}, ""
	_, text, _ = strings.Cut(text, "\n\n")
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
		tool("list", reads("List webhooks"), a.list),
		tool("show", reads("Show a webhook"), a.show),
		tool("wait", reads("Wait for webhooks"), a.wait),
		tool("verify", reads("Verify a signature"), a.verify),
		tool("explain", reads("Explain a bad signature"), a.explain),
		tool("diff", reads("Compare two webhooks"), a.diff),
		tool("schemes", reads("List signature schemes"), a.schemes),
		tool("providers", reads("List providers"), a.providers),
		tool("events", reads("List sample events"), a.events),
	}
}

// sending returns the tools that sign or send, which --allow-send offers.
func (a *agent) sending() []mcp.Tool {
	isOpen := len(a.may) > 0
	where := " Sends to this machine only."
	if isOpen {
		where = " Sends to this machine and to " + strings.Join(a.may, ", ") + " only."
	}
	all := []mcp.Tool{
		tool("send", sends("Send a webhook", isOpen), a.send),
		tool("replay", sends("Replay webhooks", isOpen), a.replay),
		tool("probe", sends("Grade a receiver", isOpen), a.probe),
	}
	for i := range all {
		all[i].Description += where
	}
	return append(all, tool("sign", sends("Sign a body", false), a.sign))
}
