package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
)

// talk is a server that serves, with the ends of its streams.
type talk struct {
	t     *testing.T
	in    io.WriteCloser
	out   *bufio.Reader
	ended chan error
}

type adding struct {
	More []string `json:"more,omitempty"`
	N    *int     `json:"n,omitempty"`
}

type greeting struct {
	adding
	Name string `json:"name"`
	Loud bool   `json:"loud,omitempty"`
}

func newTalk(ctx context.Context, t *testing.T) *talk {
	t.Helper()
	schema := SchemaOf(reflect.TypeFor[greeting](), func(name string) string { return "the " + name })
	s := &Server{Name: "n", Title: "t", Version: "v", Instructions: "i", Tools: []Tool{
		{Name: "greet", Schema: schema, Call: func(_ context.Context, arguments json.RawMessage) Result {
			return Result{Text: string(arguments), Data: json.RawMessage(`{"a":1}`)}
		}},
		{Name: "wait", Schema: &Schema{}, Call: func(ctx context.Context, _ json.RawMessage) Result {
			<-ctx.Done()
			return Result{Text: "too late"}
		}}},
		Read: func(_ context.Context, uri string) (kind, text string, err error) {
			if uri != "x:y" {
				return "", "", ErrNoResource
			}
			return "text/plain", "<text>", nil
		}}
	in, write := io.Pipe()
	read, out := io.Pipe()
	k := &talk{t: t, in: write, out: bufio.NewReader(read), ended: make(chan error, 1)}
	go func() {
		err := s.Serve(ctx, in, out)
		_ = out.Close()
		k.ended <- err
	}()
	t.Cleanup(func() { _ = write.Close() })
	return k
}

func (k *talk) say(line string) {
	k.t.Helper()
	if _, err := io.WriteString(k.in, line+"\n"); err != nil {
		k.t.Fatal(err)
	}
}

func (k *talk) hear() string {
	k.t.Helper()
	line, err := k.out.ReadString('\n')
	if err != nil {
		k.t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

const modern = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`

func TestEachLineHasItsAnswer(t *testing.T) {
	t.Parallel()
	k := newTalk(t.Context(), t)
	for _, c := range []struct{ say, hear string }{
		{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2024-11-05"}}`,
			`"protocolVersion":"2024-11-05","serverInfo":{"name":"n","title":"t","version":"v"}`},
		{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2026-07-28"}}`,
			`"protocolVersion":"2025-11-25"`},
		{`{"jsonrpc":"2.0","id":1,"method":"initialize"}`, `"protocolVersion":"2025-11-25"`},
		{`{"jsonrpc":"2.0","id":"a","method":"ping"}`, `{"jsonrpc":"2.0","id":"a","result":{}}`},
		{`{"jsonrpc":"2.0","id":-1.5,"method":"no"}`,
			`"id":-1.5,"error":{"code":-32601,"message":"method not found: \"no\""}`},
		{`{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}`, `"code":-32602`},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}`, `"code":-32602`},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, `"inputSchema":{"type":"object","properties":{` +
			`"more":{"type":"array","items":{"type":"string"},"description":"the more"},` +
			`"n":{"type":"integer","description":"the n"},"name":{"type":"string","description":"the name"},` +
			`"loud":{"type":"boolean","description":"the loud"}},"required":["name"],"additionalProperties":false}`},
		{`{"jsonrpc":"2.0","id":1,"method":"resources/list"}`, `"resources":[]`},
		{`{"jsonrpc":"2.0","id":1,"method":"resources/templates/list"}`, `"resourceTemplates":[]`},
		{`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:y"}}`,
			`"contents":[{"mimeType":"text/plain","text":"\u003ctext\u003e","uri":"x:y"}]`},
		{`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:z"}}`, `"code":-32002`},
		{`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"x:z",` + modern + `}}`, `"code":-32602`},
		{`{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{` + modern + `}}`, `"resultType":"complete"`},
		{`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"3"}}}`,
			`"code":-32022,"message":"unsupported protocol version","data":{"requested":"3","supported":["2026-07-28",`},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"no"}}`, `unknown tool \"no\"`},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"name":7,"n":"3"}}}`,
			`{"content":[{"type":"text","text":"{\"n\":3,\"name\":\"7\"}"}],"structuredContent":{"a":1}}`},
		{`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"name":"x","n":3}}}`,
			`{"content":[{"type":"text","text":"{\"name\":\"x\",\"n\":3}"}],"structuredContent":{"a":1}}`},
		{`garbage`, `"id":null,"error":{"code":-32700`},
		{`[{"jsonrpc":"2.0","id":1,"method":"ping"}]`, `"id":null,"error":{"code":-32700`},
		{`{"jsonrpc":"2.0","id":null,"method":"ping"}`, `"id":null,"error":{"code":-32600`},
		{strings.Repeat("x", mostLine+1), `8 MiB`},
		{strings.Repeat("[", mostNested+1), `too deep`},
	} {
		k.say(c.say)
		if got := k.hear(); !strings.Contains(got, c.hear) {
			t.Errorf("%.200s\nis answered %.600s\nwithout      %s", c.say, got, c.hear)
		}
	}
}

// What has no answer has none: the next line that is heard is that of the ping.
func TestNotificationsAndAnswersAreNotAnswered(t *testing.T) {
	t.Parallel()
	k := newTalk(t.Context(), t)
	for _, line := range []string{"", "\r", `{"jsonrpc":"2.0","method":"notifications/initialized"}`,
		`{"jsonrpc":"2.0","method":"tools/list"}`, `{"jsonrpc":"2.0","id":7,"result":{}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}`,
		`{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}`} {
		k.say(line)
		k.say(`{"jsonrpc":"2.0","id":1,"method":"ping"}`)
		if got := k.hear(); got != `{"jsonrpc":"2.0","id":1,"result":{}}` {
			t.Errorf("%s is answered %s", line, got)
		}
	}
}

func TestArgumentsAreWhatTheSchemaSays(t *testing.T) {
	t.Parallel()
	schema := SchemaOf(reflect.TypeFor[greeting](), func(string) string { return "" })
	for arguments, want := range map[string]string{
		`{"name":"x"}`: "", `{"name":"","more":[],"n":-1,"loud":false}`: "", `{"name":"x","more":["a"]}`: "",
		``: "name is missing", `null`: "name is missing", `{}`: "name is missing", `[]`: "not a JSON object",
		`{"name":null}`: "must be a text", `{"name":3.5}`: "name is 3.5, and must be a text",
		`{"name":3}`: "", `{"name":"x","n":"1"}`: "", `{"name":"x","more":[1]}`: "",
		`{"name":"x","n":"01"}`:    "a whole number",
		`{"Name":"x"}`:             `no argument "Name"; there are more, n, name, loud`,
		`{"name":"x","LOUD":true}`: `no argument "LOUD"`,
		`{"name":"x","n":1.5}`:     "a whole number", `{"name":true}`: "name is true",
		`{"name":"x","n":null}`: "a whole number", `{"name":"x","loud":"yes"}`: "true or false",
		`{"name":"x","more":"a"}`: "a list of texts", `{"name":"x","more":null}`: "a list of texts",
		`{"name":"x","more":[null]}`: "a list of texts", `{"name":"x","more":[1.5]}`: "a list of texts",
		`{"name":"x","louder":true}`: `no argument "louder"; there are more, n, name, loud`,
	} {
		got := schema.check(schema.lenient(json.RawMessage(arguments)))
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, not %q", arguments, got, want)
		}
	}
}

func wait(id int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"wait"}}`, id)
}

// A request that is cancelled is not answered, and its id is free. The number of open requests is bounded.
func TestRequestsAreCancelledAndBounded(t *testing.T) {
	t.Parallel()
	k := newTalk(t.Context(), t)
	for id := range mostOpen {
		k.say(wait(id))
	}
	k.say(wait(3))
	if got := k.hear(); !strings.Contains(got, "has no answer yet") || !strings.Contains(got, `"id":null`) {
		t.Error(got)
	}
	k.say(wait(mostOpen))
	if got := k.hear(); !strings.Contains(got, `"id":256,"error":{"code":-32000`) {
		t.Error(got)
	}
	for id := range mostOpen {
		k.say(fmt.Sprintf(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":%d}}`, id))
	}
	for got := "-32000"; strings.Contains(got, "-32000"); got = k.hear() { // until the first of them has ended
		k.say(`{"jsonrpc":"2.0","id":"after","method":"ping"}`)
	}
	_ = k.in.Close()
	if rest, err := io.ReadAll(k.out); err != nil || bytes.Contains(rest, []byte("too late")) {
		t.Errorf("%s %v", rest, err)
	}
	if err := <-k.ended; err != nil {
		t.Error(err)
	}
}

func TestTheServerEndsWithItsClientOrContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	stopped := newTalk(ctx, t)
	stopped.say(wait(1))
	stopped.say(`{"jsonrpc":"2.0","id":2,"method":"ping"}`)
	_ = stopped.hear()
	cancel()
	if err := <-stopped.ended; err != nil {
		t.Error(err)
	}
	last := newTalk(t.Context(), t)
	last.say(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{"name":"x"}}}`)
	_ = last.in.Close()
	if got := last.hear(); !strings.Contains(got, `"structuredContent"`) {
		t.Errorf("a request before the end of the input is answered %s", got)
	}
	if err := <-last.ended; err != nil {
		t.Error(err)
	}
	broken := (&Server{}).Serve(t.Context(), strings.NewReader(`{"jsonrpc":"2.0","id":2,"method":"ping"}`), full{})
	if !errors.Is(broken, io.ErrShortWrite) {
		t.Errorf("a stdout that takes nothing: %v", broken)
	}
}

// full takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
