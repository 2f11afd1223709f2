package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/cassette"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/format"
	"github.com/barbhq/barb/store/snapshot"
	"github.com/barbhq/barb/store/webhooks"
)

type saveOptions struct {
	selection
	out      string
	redact   []string
	fake     bool
	pretty   bool
	snapshot string
}

// NewSave returns barb save.
func NewSave(sh *shell.Shell) *cobra.Command {
	var o saveOptions
	cmd := &cobra.Command{
		Use:               "save SELECTOR… --out FILE",
		ValidArgsFunction: sh.CompleteIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selectors = args
			switch {
			case len(args) == 0 && !o.Given():
				return fail.Usage("save needs a selector").Hint("barb save @ --out testdata/webhook.barb.ndjson")
			case o.out == "" && o.snapshot == "":
				return fail.Usage("save needs --out FILE").Hint("--out testdata/stripe.barb.ndjson; - is stdout")
			case o.fake && len(o.redact) == 0:
				return fail.Usage("--fake needs --redact, which says what is replaced").
					Hint("--redact json:/customer/email --fake")
			}
			return runSave(cmd.Context(), sh, &o)
		},
	}
	o.add(cmd, sh)
	f := cmd.Flags()
	f.StringVar(&o.out, "out", "", "write this `file`; - is stdout")
	f.StringSliceVar(&o.redact, "redact", nil, "replace the values at these `places`: json:/POINTER, header:NAME, "+
		"query:NAME or form:NAME")
	f.BoolVar(&o.fake, "fake", false, "replace them by values of the same shape, equal ones by equal ones")
	f.BoolVar(&o.pretty, "pretty", false, "indent the file")
	f.StringVar(&o.snapshot, "snapshot", "", "write the recorded answers to this `file`, for barb replay --snapshot")
	return cmd
}

func runSave(ctx context.Context, sh *shell.Shell, o *saveOptions) error {
	c := &cassettes{}
	if len(o.redact) > 0 {
		places, err := places(o.redact)
		if err != nil {
			return err
		}
		c.redactor = &cassette.Redactor{Places: places, Fake: o.fake}
	}
	all, err := o.each(ctx, sh)
	if err != nil {
		return err
	}
	out := o.out
	if o.snapshot != "" {
		c.answers, c.redact = &snapshot.Snapshot{}, sh.History.Redacted
		if err := disk.Placeable(o.snapshot); err != nil {
			return fail.Local("%w", err)
		}
		if out == "" {
			out = os.DevNull
		}
	}
	count, _, err := put(sh, out, all, func(w io.Writer) writer {
		c.Writer = cassette.NewWriter(w, o.pretty)
		return c
	})
	if errors.Is(err, errNone) {
		return o.none(ctx, sh, "save")
	}
	if err != nil {
		return err
	}
	if c.redactor != nil && c.redacted == 0 {
		sh.Warn("no webhook has a value at the places of --redact")
	}
	o.tellWithout(sh)
	if c.redacted > 0 {
		sh.Say("barb: redacted %s", ui.Count(c.redacted, "webhook"))
	}
	if o.out != "-" && o.out != "" {
		sh.Say("barb: saved %s", countOf(count, o.out))
	}
	return c.saveAnswers(sh, o.snapshot)
}

// saveAnswers writes the file of --snapshot.
func (c *cassettes) saveAnswers(sh *shell.Shell, path string) error {
	switch {
	case c.answers == nil:
		return nil
	case c.answers.Len() == 0:
		sh.Warn("no answer is recorded: %s is not written", path)
		return nil
	}
	if err := disk.PublishFrom(path, c.answers.Write); err != nil {
		return fail.Local("%w", err)
	}
	sh.Say("barb: saved %s in %s", ui.Count(c.answers.Len(), "answer"), path)
	return nil
}

// Keep saves webhooks without their credentials, by the ids of their exchanges, in a folder, which it makes:
// webhooks.barb.ndjson and webhooks.har.
func Keep(ctx context.Context, sh *shell.Shell, folder string, ids []int64) error {
	if len(ids) == 0 {
		sh.Say("barb: no webhook came, nothing is saved in %s", folder)
		return nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fail.Local("%w", err)
	}
	s := &selection{}
	for _, id := range ids {
		s.selectors = append(s.selectors, strconv.FormatInt(id, 10))
	}
	for name, make := range map[string]func(io.Writer) writer{
		"webhooks.barb.ndjson": func(w io.Writer) writer { return &cassettes{Writer: cassette.NewWriter(w, false)} },
		"webhooks.har":         func(w io.Writer) writer { return format.NewHAR(w, sh.Version) },
	} {
		all, err := s.each(ctx, sh)
		if err != nil {
			return err
		}
		if _, _, err := put(sh, filepath.Join(folder, name), all, make); err != nil {
			return err
		}
	}
	sh.Say("barb: saved %s", countOf(len(ids), folder))
	return nil
}

// Cassette returns a cassette of one webhook without its credentials, by the id of an exchange of it. The history of sh
// is open.
func Cassette(ctx context.Context, sh *shell.Shell, id int64) ([]byte, error) {
	w, err := webhooks.Get(ctx, sh.History, id, sh.Now())
	if err != nil {
		return nil, err
	}
	x, err := whole(ctx, sh.History, w)
	if err != nil {
		return nil, err
	}
	x = new(selection).leave(sh, x)
	var out bytes.Buffer
	c := &cassettes{Writer: cassette.NewWriter(&out, false)}
	if _, err := c.Write(x); err != nil {
		return nil, err
	}
	err = c.Close()
	return out.Bytes(), err
}

type exportOptions struct {
	selection
	out string
}

var exports = []string{"ndjson", "har", "curl", "http"}

// NewExport returns barb export.
func NewExport(sh *shell.Shell) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:               "export ndjson|har|curl|http [SELECTOR…]",
		ValidArgsFunction: completed(exports, sh.CompleteIDs),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 || !slices.Contains(exports, args[0]) {
				return wrongFormat("export", append(args, "")[0], exports)
			}
			o.selectors = args[1:]
			return runExport(cmd.Context(), sh, &o, args[0])
		},
	}
	o.add(cmd, sh)
	cmd.Flags().StringVarP(&o.out, "out", "o", "", "write this `file` (default: stdout)")
	return cmd
}

func runExport(ctx context.Context, sh *shell.Shell, o *exportOptions, name string) error {
	all, err := o.each(ctx, sh)
	if err != nil {
		return err
	}
	count, lost, err := put(sh, o.out, all, func(w io.Writer) writer {
		switch name {
		case "har":
			return format.NewHAR(w, sh.Version)
		case "curl":
			return format.NewCurl(w)
		case "http":
			return format.NewHTTP(w)
		}
		return &cassettes{Writer: cassette.NewWriter(w, false)}
	})
	if errors.Is(err, errNone) {
		return o.none(ctx, sh, "export")
	}
	if err != nil {
		return err
	}
	lost.tell(sh)
	o.tellWithout(sh)
	if o.out != "" && o.out != "-" {
		sh.Say("barb: exported %s", countOf(count, o.out))
	}
	return nil
}
