package flags

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver"
	"github.com/barbhq/barb/listen/route"
	"github.com/barbhq/barb/store/record"
)

// Apps says how the apps behind --forward-to are reached, with the flags of curl.
type Apps struct {
	Connection deliver.Connection
	lines      fieldLines
	own        record.Header // of the lines, once Read
}

// AppFlags are the flags of Apps that are settings, too.
var AppFlags = []string{"proxy", "cacert", "insecure", "cert", "key", "forward-header"}

// AddFlags adds the flags to a command.
func (f *Apps) AddFlags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.VarP(&f.lines, "forward-header", "H", "send this header `'Name: value'` to the apps, or those "+
		"of @FILE, in place of received ones of the same name (repeatable)")
	set.BoolVarP(&f.Connection.Insecure, "insecure", "k", false, "do not check the apps' certificates")
	set.StringVar(&f.Connection.CACert, "cacert", "", "trust the certificates in this `file` for the apps")
	set.StringVarP(&f.Connection.Cert, "cert", "E", "", "the client certificate `file` (PEM) for the apps")
	set.StringVar(&f.Connection.Key, "key", "", "the private key `file` of --cert (PEM), when it is a file of its own")
	set.StringVarP(&f.Connection.Proxy, "proxy", "x", "", "reach apps that are not on this machine through this proxy "+
		"`URL` (http, https or socks5)")
}

// Read reads the headers, maybe from files or stdin.
func (f *Apps) Read(stdin io.Reader) error {
	lines, err := (&Headers{Lines: f.lines}).expand(stdin)
	if err != nil {
		return err
	}
	for _, line := range lines {
		field, err := OwnHeader(line.text)
		if err != nil {
			return fail.Usage("--forward-header: %s%w", line.place, err).Hint("--forward-header 'X-Env: dev'")
		}
		f.own = append(f.own, field)
	}
	if f.Connection.Key != "" && f.Connection.Cert == "" {
		return fail.Usage("--key needs --cert").Hint("--cert client.pem --key client-key.pem")
	}
	return nil
}

// Typed returns the first of the flags that stands on the command line, "" for none.
func (f *Apps) Typed(weight Weights) string {
	for _, flag := range []string{"forward-header", "insecure", "cert", "cacert", "proxy"} {
		if weight(flag) == typedWeight {
			return "--" + flag
		}
	}
	return ""
}

// Of returns how the apps of a route are reached. A flag or a variable goes before a key of the route, and that before
// [listen]. find returns the secret that a header refers to.
func (f *Apps) Of(way *route.Way, weight Weights, find func(ref string) (string, error)) (deliver.Connection,
	record.Header, error) {
	c := f.Connection
	choose := func(flag string, value *string, key string) {
		if key != "" && weight(flag) < variableWeight {
			*value = key
		}
	}
	choose("cacert", &c.CACert, way.CACert)
	choose("proxy", &c.Proxy, way.Proxy)
	switch {
	case way.Cert != "" && weight("cert") < variableWeight:
		c.Cert, c.Key = way.Cert, way.Key
	case weight("key") < weight("cert"): // the key of another certificate
		c.Key = ""
	}
	if way.Insecure != nil && weight("insecure") < variableWeight {
		c.Insecure = *way.Insecure
	}
	own := f.own
	if len(way.Headers) > 0 && weight("forward-header") < variableWeight {
		own = nil
		for _, line := range way.Headers {
			field, err := OwnHeader(line)
			if err != nil {
				return c, nil, err
			}
			own = append(own, field)
		}
	}
	own, err := resolved(own, find)
	return c, own, err
}

// OwnHeader reads "Name: value" of a header that barb sends to apps. The error does not quote the value, which may be a
// secret.
func OwnHeader(line string) (record.Field, error) {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		if name, ok = strings.CutSuffix(line, ";"); !ok {
			return record.Field{}, errors.New("a header is not 'Name: value'")
		}
	}
	field := record.Field{Name: name, Value: strings.Trim(value, " \t")}
	return field, deliver.CheckOwn(field)
}

// CheckProxy returns why text is no proxy. The error does not quote it, as it may hold a password.
func CheckProxy(text string) error {
	_, err := deliver.NewClient(deliver.Options{Proxy: text})
	return err
}

// Clients makes the HTTP clients of a listener, one for each way to reach apps.
type Clients struct {
	Options deliver.Options // of all of them
	made    map[string]*deliver.Client
}

// For returns the client for a connection. It reads the files of the connection; the error is a usage error.
func (c *Clients) For(connection deliver.Connection) (*deliver.Client, error) {
	key, err := json.Marshal(connection)
	if err != nil {
		return nil, fmt.Errorf("connection: %w", err)
	}
	if client := c.made[string(key)]; client != nil {
		return client, nil
	}
	o := c.Options
	o.Proxy, o.Direct = connection.Proxy, true
	if o.TLS, err = connection.TLS(); err != nil {
		return nil, fail.Usage("%w", err)
	}
	client, err := deliver.NewClient(o)
	if err != nil {
		return nil, fail.Usage("%w", err)
	}
	if c.made == nil {
		c.made = map[string]*deliver.Client{}
	}
	c.made[string(key)] = client
	return client, nil
}

// Close closes the idle connections of all clients.
func (c *Clients) Close() {
	for _, client := range c.made {
		client.Close()
	}
}
