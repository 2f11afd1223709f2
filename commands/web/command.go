package web

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/advice"
	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/jq"
	"github.com/barbhq/barb/commands/past"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/record"
)

// New makes barb ui.
func New(sh *shell.Shell) *cobra.Command {
	f := Flag{on: true}
	cmd := &cobra.Command{
		Use: "ui",
		Args: func(_ *cobra.Command, given []string) error {
			if len(given) > 0 {
				return fail.Usage("ui takes no arguments").Hint("barb ui --addr :0 picks a free port")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), sh, &f) },
	}
	cmd.Flags().StringVar(&f.address, "addr", "", "show the page at this `address` of this machine; :0 picks a free port "+
		"(default: the first free one from 127.0.0.1:4040)")
	cmd.Flags().StringVar(&f.publicURL, "public-url", "", "a proxy passes the page to your team at this `URL`; the proxy "+
		"decides who may see it")
	cmd.Flags().BoolVar(&f.allowChanges, "allow-changes", false, "let the page replay, pin, note, delete and retry, with "+
		"--public-url or a history on a server, where it only shows")
	return cmd
}

// run serves the page until ^C.
func run(ctx context.Context, sh *shell.Shell, f *Flag) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	if err := f.check(); err != nil {
		return err
	}
	history, err := sh.ReadHistory(ctx)
	if errors.Is(err, store.ErrNotExist) { // the page says how the first webhook comes
		history, err = sh.WriteHistory(ctx)
	}
	if err != nil {
		return err
	}
	page, err := f.Open(ctx, history, "", &act.Actions{Shell: sh})
	if err != nil {
		return err
	}
	end := page.Serve()
	defer end()
	if sh.JSON {
		if err = sh.Emit(page.ready()); err != nil {
			return err
		}
	}
	page.Say(sh)
	<-ctx.Done()
	return nil
}

// ready is the object that says where the page is: with a public URL also where the proxy finds it.
func (p *Page) ready() map[string]any {
	object := map[string]any{"schema": 1, "event": "ready", "ui": p.URL(), "pid": os.Getpid()}
	if p.Public != "" {
		object["addr"] = p.listener.Addr().String()
	}
	return object
}

// Flag is --ui of barb listen, and the flags of barb ui.
type Flag struct {
	on           bool
	address      string
	publicURL    string
	public       string // its host
	allowChanges bool
}

// AddFlag adds the flag to a command.
func (f *Flag) AddFlag(cmd *cobra.Command) {
	cmd.Flags().Var(f, "ui", "show them on a page in the browser, at `ADDR`")
	cmd.Flag("ui").NoOptDefVal = auto
}

// auto is the value of the flag without one.
const auto = "auto"

// Set reads the value of the flag.
func (f *Flag) Set(text string) error {
	if f.on = true; text == auto {
		text = ""
	}
	f.address = text
	return f.check()
}

// String returns the address.
func (f *Flag) String() string { return f.address }

// Type names the value in the help.
func (*Flag) Type() string { return "address" }

// check refuses an address that other machines reach: the page is for one user of this one, or behind a proxy, which
// may be on another.
func (f *Flag) check() (err error) {
	if f.publicURL != "" {
		if f.public, err = publicHost(f.publicURL); err != nil {
			return err
		}
	}
	if f.address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(f.address)
	if n, errPort := strconv.Atoi(port); err != nil || errPort != nil || n < 0 || n > 65535 {
		return fail.Usage("%q is not HOST:PORT", f.address).Hint("--ui=127.0.0.1:4040, or --ui=:0 for a free port")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if f.public != "" {
		f.address = net.JoinHostPort(host, port)
		return nil
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	if host == "localhost" {
		ip = net.IPv4(127, 0, 0, 1)
	}
	if ip == nil || !ip.Equal(net.IPv4(127, 0, 0, 1)) && !ip.Equal(net.IPv6loopback) {
		return fail.Usage("the page is only for this machine, and %s is not its loopback address", host).
			Hint("--ui=127.0.0.1:" + port + "; from another machine: ssh -L " + port + ":127.0.0.1:" + port + " THIS-MACHINE")
	}
	f.address = net.JoinHostPort(ip.String(), port)
	return nil
}

// Open opens the page of a history; nil without the flag. listening is the URL of the listener of this process, ""
// without one. What a person does on the page is done by actions.
func (f *Flag) Open(ctx context.Context, history *store.Store, listening string, actions *act.Actions) (*Page, error) {
	sh := actions.Shell
	if !f.on {
		return nil, nil
	}
	limits, err := past.Limits(sh)
	if err != nil {
		return nil, err
	}
	ln, err := Listen(ctx, f.address)
	if err != nil {
		return nil, fail.Local("ui: %w", flags.NetError(err)).Hint("--ui=:0 picks a free port; for barb ui: --addr :0")
	}
	page := &Page{History: history, Now: sh.Now, Limits: limits, Actions: actions, Listening: listening,
		ReadOnly: f.readOnly(sh), Public: f.public,
		Filter: func(chosen *flags.Filter) (store.Filter, *jq.Expr, error) { return sh.FilterOf(chosen) },
		Scheme: func(name string) (sign.Scheme, bool) { return sh.File.Catalog().Lookup(name) },
		Hide:   func(x *record.Exchange) *record.Exchange { return sh.Redactor.Keep(x, true) },
		Hint:   hintOf}
	page.Open(ln)
	return page, nil
}

// Say prints the address of the page; nothing for a nil page.
func (p *Page) Say(sh *shell.Shell) {
	if p == nil {
		return
	}
	sh.Stderr.Printf("barb: ui on %s\n", p.URL())
	at, _ := p.listener.Addr().(*net.TCPAddr)
	if p.Public != "" {
		sh.Say("barb: your proxy passes it on from %s, with Host: %s, and decides who may see it", at, p.Public)
		if !at.IP.IsLoopback() {
			sh.Warn("who reaches %s past the proxy needs only the code of the address above", at)
		}
	}
	if p.ReadOnly != "" {
		sh.Say("barb: the page only shows; barb ui --allow-changes lets it replay, pin, note, delete and retry")
	}
}

// hintOf is an error in the words of the command line.
func hintOf(err error) (text, hint string) {
	f := advice.Of(err)
	if len(f.Hints) > 0 {
		hint = f.Hints[0]
	}
	return f.Error(), hint
}

func isUsage(err error) bool {
	f, ok := errors.AsType[*fail.Error](err)
	return ok && f.Code == fail.ExitUsage
}
