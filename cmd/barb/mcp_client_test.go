//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// client speaks the Model Context Protocol. The SDK's own judges barb mcp in conformance/agent.
type client struct {
	mu      sync.Mutex
	in      io.Writer
	last    int
	waiting map[int]chan spoken
	ended   chan struct{} // closed when nothing more can be read
}

// spoken is an answer.
type spoken struct {
	ID     *int
	Result json.RawMessage
	Error  *struct {
		Code    int
		Message string
	}
}

func newClient(in io.Writer) *client {
	return &client{in: in, waiting: map[int]chan spoken{}, ended: make(chan struct{})}
}

// readAll hands the answers out until the stream ends.
func (c *client) readAll(out io.Reader) {
	defer close(c.ended)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var said spoken
		if json.Unmarshal(line, &said) != nil || said.ID == nil {
			continue
		}
		c.mu.Lock()
		if waits := c.waiting[*said.ID]; waits != nil {
			waits <- said
		}
		c.mu.Unlock()
	}
}

func (c *client) write(message map[string]any) error {
	message["jsonrpc"] = "2.0"
	data, err := json.Marshal(message)
	if err == nil {
		_, err = c.in.Write(append(data, '\n'))
	}
	return err
}

// ask makes a request, and cancels it when the context is done.
func (c *client) ask(ctx context.Context, method string, params, into any) error {
	c.mu.Lock()
	c.last++
	id, waits := c.last, make(chan spoken, 1)
	c.waiting[id] = waits
	err := c.write(map[string]any{"id": id, "method": method, "params": params})
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case said := <-waits:
		if said.Error != nil {
			return fmt.Errorf("%d %s", said.Error.Code, said.Error.Message)
		}
		return json.Unmarshal(said.Result, into)
	case <-c.ended:
		return io.ErrUnexpectedEOF
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = c.write(map[string]any{"method": "notifications/cancelled", "params": map[string]any{"requestId": id}})
		return ctx.Err()
	}
}

func (c *client) initialize(ctx context.Context) error {
	var opened struct{ ProtocolVersion string }
	if err := c.ask(ctx, "initialize", map[string]any{"protocolVersion": "2025-06-18", "capabilities": struct{}{},
		"clientInfo": map[string]any{"name": "test", "version": "1"}}, &opened); err != nil {
		return err
	}
	if opened.ProtocolVersion != "2025-06-18" {
		return fmt.Errorf("the session has the version %s", opened.ProtocolVersion)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(map[string]any{"method": "notifications/initialized"})
}

type toolResult struct {
	Content []struct{ Text string }
	Data    json.RawMessage `json:"structuredContent"`
	IsError bool
}

func (c *client) callTool(ctx context.Context, name string, arguments any) (result toolResult, err error) {
	err = c.ask(ctx, "tools/call", map[string]any{"name": name, "arguments": arguments}, &result)
	if err == nil && len(result.Content) != 1 {
		err = fmt.Errorf("%s has %d contents", name, len(result.Content))
	}
	return result, err
}

type toolList struct {
	Tools []struct {
		Name, Description string
		Annotations       struct{ ReadOnlyHint bool }
	}
}

func (c *client) listTools(ctx context.Context) (list toolList, err error) {
	err = c.ask(ctx, "tools/list", struct{}{}, &list)
	return list, err
}

type resourceList struct{ Resources []struct{ URI string } }

func (c *client) listResources(ctx context.Context) (list resourceList, err error) {
	err = c.ask(ctx, "resources/list", struct{}{}, &list)
	return list, err
}

type resourceText struct{ Contents []struct{ Text string } }

func (c *client) readResource(ctx context.Context, uri string) (text resourceText, err error) {
	err = c.ask(ctx, "resources/read", map[string]any{"uri": uri}, &text)
	return text, err
}
