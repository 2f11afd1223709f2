// Package agent has barb mcp judged by the SDK of the Model Context Protocol.
package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

var bin string // the folder of barb

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	var err error
	if bin, err = os.MkdirTemp("", "barb-agent-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(bin)
	cmd := exec.Command("go", "build", "-o", filepath.Join(bin, "barb"), "./cmd/barb")
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		return 1, fmt.Errorf("go build ./cmd/barb: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// barb is a command of barb with a history of its own.
func barb(t *testing.T, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), filepath.Join(bin, "barb"), args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "BARB_SECRET=It's a Secret to Everybody"}
	return cmd
}

// connect starts barb mcp over a history with one sent webhook, which nobody took.
func connect(t *testing.T, version string) *mcp.ClientSession {
	t.Helper()
	dir := t.TempDir()
	var exit *exec.ExitError
	if out, err := barb(t, dir, "send", "http://127.0.0.1:1/", "-s", "github", "-d", `{"n":1}`, "--retries", "0").
		CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "judge", Version: "1"}, nil)
	session, err := client.Connect(context.WithoutCancel(t.Context()), &mcp.CommandTransport{Command: barb(t, dir, "mcp", "--allow-send")},
		&mcp.ClientSessionOptions{ProtocolVersion: version}) // it ends when it is closed, not with the test before
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(); err != nil { // barb mcp ends with its stdin, with exit code 0
			t.Error(err)
		}
	})
	return session
}

func TestTheSDKSpeaksEveryVersion(t *testing.T) {
	for _, version := range mcp.SupportedProtocolVersions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := connect(t, version)
			opened := s.InitializeResult()
			if opened.ProtocolVersion != version || opened.ServerInfo.Name != "barb" || opened.Capabilities.Tools == nil ||
				opened.Capabilities.Resources == nil || opened.Instructions == "" {
				t.Errorf("%+v", opened)
			}
			judgeTools(t, s)
			judgeResources(t, s)
			judgeCancelling(t, s)
		})
	}
}

func judgeTools(t *testing.T, s *mcp.ClientSession) {
	t.Helper()
	var names []string
	for tool, err := range s.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name)
		schema, ok := tool.InputSchema.(map[string]any)
		if !ok || schema["type"] != "object" || tool.Annotations.Title == "" || tool.Description == "" {
			t.Errorf("%+v", tool)
		}
		properties, ok := schema["properties"].(map[string]any)
		if !ok || len(properties) == 0 {
			t.Errorf("%s has no arguments: %v", tool.Name, schema)
		}
		for name, p := range properties {
			if p.(map[string]any)["description"] == nil {
				t.Errorf("%s of %s has no description", name, tool.Name)
			}
		}
	}
	if got, want := strings.Join(names, " "), "diff events explain list probe providers replay schemes send show sign verify wait"; got != want {
		t.Errorf("the tools are %s", got)
	}
	if r := call(t, s, "show", map[string]any{"id": 1}); r.IsError { // agents write ids as numbers, too
		t.Errorf("%+v", r)
	}
	shown := call(t, s, "show", map[string]any{"id": "@"})
	data, ok := shown.StructuredContent.(map[string]any)
	if shown.IsError || !ok || data["exit"] != 0.0 || !strings.Contains(fmt.Sprint(data["body"]), `{"n":1}`) {
		t.Errorf("%+v", shown)
	}
	if text, ok := shown.Content[0].(*mcp.TextContent); !ok || !strings.Contains(text.Text, "untrusted") {
		t.Errorf("%+v", shown.Content)
	}
	for _, wrong := range []map[string]any{{"id": true}, {"id": "@", "x": 1}, {}, {"id": "@", "body_limit": "x"}} {
		if r := call(t, s, "show", wrong); !r.IsError || len(r.Content) != 1 {
			t.Errorf("%v: %+v", wrong, r)
		}
	}
	if _, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "no"}); err == nil {
		t.Error("a tool that is not there is called")
	}
}

func call(t *testing.T, s *mcp.ClientSession, tool string, arguments any) *mcp.CallToolResult {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func judgeResources(t *testing.T, s *mcp.ClientSession) {
	t.Helper()
	pages := 0
	for page, err := range s.Resources(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		pages++
		text, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: page.URI})
		if err != nil {
			t.Fatalf("%s: %v", page.URI, err)
		}
		isPage := strings.HasPrefix(text.Contents[0].Text, "# ")
		if text.Contents[0].MIMEType != page.MIMEType || isPage != (page.MIMEType == "text/markdown") {
			t.Errorf("%s: %+v", page.URI, text.Contents[0])
		}
	}
	if pages < 10 {
		t.Errorf("there are %d pages", pages)
	}
	for template, err := range s.ResourceTemplates(t.Context(), nil) {
		if err != nil || template.URITemplate != "barb://webhook/{id}" {
			t.Errorf("%+v %v", template, err)
		}
	}
	if text, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "barb://webhook/1"}); err != nil ||
		!strings.Contains(text.Contents[0].Text, "untrusted") {
		t.Errorf("%v %v", text, err)
	}
	if _, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "barb://docs/no"}); err == nil {
		t.Error("a page that is not there is read")
	}
}

func judgeCancelling(t *testing.T, s *mcp.ClientSession) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() {
		_, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "wait", Arguments: map[string]any{"timeout": "9m"}})
		waited <- err
	}()
	call(t, s, "schemes", map[string]any{})
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	call(t, s, "schemes", map[string]any{})
}
