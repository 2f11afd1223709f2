package files

import (
	"context"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/sign"
	"github.com/barbhq/barb/store/format"
	"github.com/barbhq/barb/store/record"
)

type importOptions struct {
	flags.JSON
	dryRun bool
}

var imports = []string{"ndjson", "har", "curl", "http", "ngrok", "stripe", "smee"}

// readers are the formats of other tools.
var readers = map[string]format.Reader{"har": format.ReadHAR, "curl": format.ReadCurl, "http": format.ReadHTTP,
	"ngrok": format.ReadNgrok, "stripe": format.ReadStripe, "smee": format.ReadSmee}

// NewImport returns barb import.
func NewImport(sh *shell.Shell) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use: "import ndjson|har|curl|http|ngrok|stripe|smee FILE|-",
		ValidArgsFunction: completed(imports, func(*cobra.Command, []string, string) ([]string,
			cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || !slices.Contains(imports, args[0]):
				return wrongFormat("import", append(args, "")[0], imports)
			case len(args) != 2:
				return fail.Usage("import %s needs one file; - is stdin", args[0]).Hintf("barb import %s FILE", args[0])
			}
			return runImport(cmd.Context(), sh, &o, args[0], args[1])
		},
	}
	o.AddFlags(cmd)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print what would be imported and import nothing")
	return cmd
}

// runImport records the webhooks of a file. A file is read to its end before its first webhook is recorded. Webhooks of
// stdin are recorded as they come, since a pipe may have no end.
func runImport(ctx context.Context, sh *shell.Shell, o *importOptions, name, path string) error {
	ctx, stop := sh.Interruptible(ctx)
	defer stop()
	i := &importer{sh: sh, o: o, path: path}
	all, closer, err := i.items(ctx, name)
	if err != nil {
		return err
	}
	defer closer.Close()
	if path != "-" {
		for _, err := range all {
			if err != nil {
				return mistake(path, err)
			}
		}
	}
	if !o.dryRun {
		if _, err := sh.WriteHistory(ctx); err != nil {
			return err
		}
	}
	for item, err := range all {
		if err != nil && ctx.Err() != nil {
			break
		}
		if err != nil {
			return mistake(i.name(), err)
		}
		if err := i.add(ctx, item); err != nil {
			return err
		}
	}
	return i.end(ctx)
}

type importer struct {
	sh    *shell.Shell
	o     *importOptions
	path  string
	count int
	lost  losses
	first int64
	last  int64
}

func (i *importer) name() string {
	if i.path == "-" {
		return "stdin"
	}
	return i.path
}

// items yields the webhooks of the file, each time that it is asked.
func (i *importer) items(ctx context.Context, name string) (iter.Seq2[format.Item, error], io.Closer, error) {
	if name == "ndjson" {
		f, closer, err := open(i.sh, i.path)
		if err != nil {
			return nil, nil, err
		}
		return func(yield func(format.Item, error) bool) {
			for w, err := range f.All() {
				item := format.Item{}
				if err == nil {
					item.Exchange = &w.Exchange
				}
				if !yield(item, err) {
					return
				}
			}
		}, closer, nil
	}
	o := format.Options{Now: i.sh.Now()}
	if i.path == "-" {
		return readers[name](&interruptible{ctx, i.sh.In}, o), io.NopCloser(nil), nil
	}
	file, err := os.Open(i.path)
	if err != nil {
		return nil, nil, mistake(i.path, err)
	}
	return func(yield func(format.Item, error) bool) {
		if _, err := file.Seek(0, io.SeekStart); err != nil { // a pipe with a name
			yield(format.Item{}, fail.Usage("%s is no regular file", i.path).Hint("barb import FORMAT - reads a pipe"))
			return
		}
		for item, err := range readers[name](file, o) {
			if !yield(item, err) {
				return
			}
		}
	}, file, nil
}

// add records a webhook as received and imported. Its signature is not checked.
func (i *importer) add(ctx context.Context, item format.Item) error {
	x := item.Exchange
	i.lost.add(item.Lost)
	i.count++
	x.Kind, x.Attempt, x.Ended = record.Received, 1, true
	x.Verdict = record.Verdict{}
	x.Marks = append(x.Marks, record.Mark{Kind: record.Imported})
	i.describe(x)
	if i.o.dryRun {
		return i.show(i.sh.Redactor.Redact(x))
	}
	if err := i.sh.History.Record(ctx, x); err != nil {
		return err
	}
	if i.first == 0 {
		i.first = x.ID
	}
	i.last = x.ID
	return i.show(i.sh.History.Redacted(x))
}

// describe finds the scheme, id and event type that the message shows, as far as the file does not say them.
func (i *importer) describe(x *record.Exchange) {
	m := sign.Message{Method: x.Request.Method, URL: x.Request.URL, Header: x.Request.Header.HTTP(), Body: x.Request.Body}
	scheme, ok := i.sh.File.Catalog().Lookup(x.Scheme)
	if x.Scheme == "" {
		if fitting := i.sh.File.Catalog().Detect(m); len(fitting) > 0 {
			scheme, ok = fitting[0], true
		}
	}
	if !ok {
		return
	}
	x.Scheme = scheme.Name
	if x.WebhookID == "" {
		x.WebhookID = scheme.ID(m)
	}
	if x.EventType == "" && x.Handshake == "" {
		x.EventType = record.PlainEvent(scheme.Event(m))
	}
}

func (i *importer) show(x *record.Exchange) error {
	if i.sh.JSON {
		return i.sh.EmitExchange(x, i.o.With)
	}
	i.sh.Stdout.Imported(x)
	return nil
}

func (i *importer) end(ctx context.Context) error {
	sh := i.sh
	i.lost.tell(sh)
	switch {
	case ctx.Err() != nil:
		return fail.Silent(fail.ExitInterrupted)
	case i.count == 0:
		return fail.Usage("%s has no webhooks", i.name())
	case i.o.dryRun:
		sh.Say("barb: would import %s", ui.Count(i.count, "webhook"))
	default:
		sh.Say("barb: imported %s (barb history --marked imported)", ui.Count(i.count, "webhook"))
	}
	return nil
}

// interruptible is stdin that ends with a context.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

// Read reads until the context ends; a read that goes on then is left alone.
func (i *interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	own, done := make([]byte, len(p)), make(chan result, 1)
	go func() {
		n, err := i.r.Read(own)
		done <- result{n, err}
	}()
	select {
	case r := <-done:
		return copy(p, own[:r.n]), r.err
	case <-i.ctx.Done():
		return 0, i.ctx.Err()
	}
}
