package commands

import (
	"context"
	"os"
	"sync"

	"github.com/barbhq/barb/commands/act"
	"github.com/barbhq/barb/commands/browser"
	"github.com/barbhq/barb/commands/tui"
	"github.com/barbhq/barb/commands/web"
)

// viewPage is the page that key o of the terminal view opens: that of barb listen --ui in the same process, or else one
// that begins with the first o. The page of another process is not looked for: its code opens it once, for the person
// who sees its terminal (ADR 50).
type viewPage struct {
	actions   *act.Actions
	listening string // the URL of the listener of this process; "" without one

	mu     sync.Mutex
	page   *web.Page
	stop   func() // of a page that was begun here
	folder string // has the file that leads a browser to the page, where its address is covered
}

// open opens a place of the page in the browser of the person.
func (v *viewPage) open(ctx context.Context, place string) (tui.Page, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.page == nil {
		if err := v.begin(ctx); err != nil {
			return tui.Page{}, err
		}
	}
	at := tui.Page{At: v.page.At(place), Enter: v.page.Visit(place)}
	address, err := v.covered(v.page.Visit(place))
	if err == nil {
		b := browser.Browser{Getenv: v.actions.Shell.Getenv}
		err = b.Open(address)
	}
	at.Failed = err
	return at, nil
}

// begin begins a page, on the first free port as barb ui does.
func (v *viewPage) begin(ctx context.Context) error {
	var flag web.Flag
	if err := flag.Set(""); err != nil {
		return err
	}
	page, err := flag.Open(context.WithoutCancel(ctx), v.actions.Shell.History, v.listening, v.actions)
	if err != nil {
		return err
	}
	v.page, v.stop = page, page.Serve()
	return nil
}

// covered returns the address as programs may have it in their arguments.
func (v *viewPage) covered(address string) (string, error) {
	if browser.MayShow() {
		return address, nil
	}
	if v.folder == "" {
		folder, err := os.MkdirTemp("", "barb-")
		if err != nil {
			return "", err
		}
		v.folder = folder
	}
	return browser.Cover(v.folder, address)
}

// end ends what was begun here.
func (v *viewPage) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stop != nil {
		v.stop()
	}
	if v.folder != "" {
		_ = os.RemoveAll(v.folder)
	}
}
