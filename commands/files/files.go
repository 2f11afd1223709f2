// Package files is barb save, export, import: the commands that move webhooks to files or back. It also opens cassettes
// for a replay.
package files

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/flags"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store"
	"github.com/barbhq/barb/store/cassette"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/format"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/redact"
	"github.com/barbhq/barb/store/snapshot"
	"github.com/barbhq/barb/store/webhooks"
)

// selection is the flags that choose webhooks, and what becomes of a choice of none.
type selection struct {
	flags.Filter
	allowEmpty  bool
	withSecrets bool // what is written keeps the credentials that the history has
	selectors   []string
	without     losses // the credentials that were left out
}

func (s *selection) add(cmd *cobra.Command, sh *shell.Shell) {
	s.AddFlags(cmd, sh.SchemeNames, sh.CompleteEvents)
	cmd.Flags().BoolVar(&s.allowEmpty, "allow-empty", false, "succeed when nothing is selected")
	cmd.Flags().BoolVar(&s.withSecrets, "with-secrets", false, "keep stored credentials, cookies and tokens")
}

// leave returns a webhook as it may leave this machine.
func (s *selection) leave(sh *shell.Shell, x *record.Exchange) *record.Exchange {
	if s.withSecrets {
		return x
	}
	x, without := sh.Redactor.Shared(x)
	for _, name := range without {
		s.without.add([]format.Loss{{Text: name}})
	}
	return x
}

// tellWithout says which credentials were left out.
func (s *selection) tellWithout(sh *shell.Shell) {
	for _, name := range s.without.texts {
		sh.Say("barb: left out %s (%s); --with-secrets keeps it", name, ui.Count(s.without.count[name], "webhook"))
	}
}

// each yields the chosen webhooks, the oldest first, with their requests and the answers that are expected of an app:
// that of the app which got the webhook, else that of barb or of the endpoint.
func (s *selection) each(ctx context.Context, sh *shell.Shell) (iter.Seq2[*record.Exchange, error], error) {
	sh.Judgements.Strict = true
	chosen, err := sh.ChosenWebhooks(ctx, s.selectors, &s.Filter, func(f *store.Filter) { f.OldestFirst = true })
	if err != nil {
		return nil, err
	}
	return func(yield func(*record.Exchange, error) bool) {
		for w, err := range chosen {
			var x *record.Exchange
			if err == nil {
				x, err = whole(ctx, sh.History, w)
			}
			if errors.Is(err, store.ErrNotFound) { // it was pruned in the meantime
				continue
			}
			if err == nil {
				x = s.leave(sh, x)
			}
			if !yield(x, err) || err != nil {
				return
			}
		}
	}, nil
}

func whole(ctx context.Context, history *store.Store, w *webhooks.Webhook) (*record.Exchange, error) {
	asked, answered := w.Last(), w.App()
	if w.Kind() == record.Sent {
		asked, answered = w.Exchanges[0], w.Last()
	}
	x, err := history.Get(ctx, asked.ID)
	if err != nil || answered == nil || answered.ID == x.ID {
		return x, err
	}
	a, err := history.Get(ctx, answered.ID)
	if err != nil {
		return nil, err
	}
	x.Response, x.Err, x.Took = a.Response, a.Err, a.Took
	return x, nil
}

// none is the error for a selection of nothing, nil with --allow-empty.
func (s *selection) none(ctx context.Context, sh *shell.Shell, to string) error {
	switch {
	case sh.Judgements.Failures() > 0: // said already
		return nil
	case s.allowEmpty:
		return nil
	}
	return fail.Usage("nothing in the history matches: nothing to %s", to).
		Hint(sh.Nearest(ctx, s.selectors, &s.Filter)).Hint("barb history lists what there is; " +
		"--allow-empty is for a selection that may be empty")
}

// writer writes webhooks in a format.
type writer interface {
	Write(x *record.Exchange) ([]format.Loss, error)
	Close() error
}

// cassettes writes a cassette.
type cassettes struct {
	*cassette.Writer
	redactor *cassette.Redactor
	redacted int
	answers  *snapshot.Snapshot // nil: they are not kept apart
	redact   func(*record.Exchange) *record.Exchange
}

func (c *cassettes) Write(x *record.Exchange) ([]format.Loss, error) {
	w := &cassette.Webhook{Exchange: *x}
	if c.redactor != nil {
		if w = c.redactor.Redact(w); len(w.Redacted) > 0 {
			c.redacted++
		}
	}
	if c.answers != nil && w.Response != nil {
		shown := c.redact(&w.Exchange)
		c.answers.Put(c.answers.Key(&w.Exchange), w.Event(), shown)
	}
	return nil, c.Writer.Write(w)
}

// put writes all to a file, or to stdout where its name is "" or -. It returns how many they were. A file is as it was
// where something fails, or nothing is written.
func put(sh *shell.Shell, path string, all iter.Seq2[*record.Exchange, error], make func(io.Writer) writer) (
	count int, lost losses, err error) {
	fill := func(out io.Writer) error {
		w := make(out)
		for x, err := range all {
			if err != nil {
				return err
			}
			l, err := w.Write(x)
			if err != nil {
				return err
			}
			lost.add(l)
			count++
		}
		if count == 0 {
			return errNone
		}
		return w.Close()
	}
	if path == "" || path == "-" {
		err = fill(sh.Stdout)
	} else if err = disk.Placeable(path); err == nil {
		err = disk.PublishFrom(path, fill)
	}
	if wrong := new(os.PathError); errors.As(err, &wrong) {
		err = fail.Local("%w", err)
	}
	return count, lost, err
}

// errNone leaves a file as it is when nothing is selected.
var errNone = errors.New("nothing is selected")

// losses counts what formats do not keep, by what it is.
type losses struct {
	texts []string
	count map[string]int
}

func (l *losses) add(lost []format.Loss) {
	if l.count == nil {
		l.count = map[string]int{}
	}
	for _, one := range lost {
		if l.count[one.Text]++; l.count[one.Text] == 1 {
			l.texts = append(l.texts, one.Text)
		}
	}
}

// tell says what is lost, once each.
func (l *losses) tell(sh *shell.Shell) {
	for _, text := range l.texts {
		sh.Say("barb: not kept: %s (%s)", text, ui.Count(l.count[text], "webhook"))
	}
}

// mistake is the error for a file that cannot be read.
func mistake(name string, err error) error {
	wrong, bad, path := new(cassette.Error), new(format.Error), new(os.PathError)
	switch {
	case errors.As(err, &wrong):
		u := fail.Usage("%w", err)
		switch wrong.Kind {
		case cassette.BadHash, cassette.BadCount:
			u = u.Hint("barb save writes a file anew; git diff shows what was changed")
		case cassette.NotCassette:
			u = u.Hint("barb import reads other formats: barb import har FILE")
		}
		return u
	case errors.As(err, &bad):
		return fail.Usage("%s:%d: %s", name, bad.Line, bad.Text)
	case errors.As(err, &path):
		return fail.Usage("%w", err)
	}
	return err
}

// Split returns the selectors and the files among the arguments of replay, which are of one kind. A file that is named
// like an id is ./42.
func Split(args []string) (selectors, names []string, err error) {
	for _, arg := range args {
		_, err := flags.ParseSelector(arg)
		if err == nil || !strings.ContainsAny(arg, `/\\`) && !strings.HasSuffix(arg, "json") && !exists(arg) {
			selectors = append(selectors, arg)
		} else {
			names = append(names, arg)
		}
	}
	if len(names) > 0 && len(selectors) > 0 {
		return nil, nil, fail.Usage("replay takes either files or webhooks of the history: %s is a file, %s is not",
			names[0], selectors[0])
	}
	return selectors, names, nil
}

func exists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// open opens a cassette and checks all of it. - is stdin, which is read as a whole.
func open(sh *shell.Shell, name string) (*cassette.File, io.Closer, error) {
	if name == "-" {
		text, err := io.ReadAll(sh.In)
		if err != nil {
			return nil, nil, fail.Local("stdin: %w", err)
		}
		f, err := cassette.Open("stdin", bytes.NewReader(text))
		return f, io.NopCloser(nil), mistake(name, err)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, mistake(name, err)
	}
	f, err := cassette.Open(name, file)
	if err != nil {
		_ = file.Close()
		return nil, nil, mistake(name, err)
	}
	return f, file, nil
}

// Each checks a cassette, and hands each of its webhooks to do, in the file's order.
func Each(sh *shell.Shell, name string, do func(*cassette.Webhook)) error {
	f, closer, err := open(sh, name)
	if err != nil {
		return err
	}
	defer closer.Close()
	for w, err := range f.All() {
		if err != nil {
			return mistake(name, err)
		}
		do(w)
	}
	return nil
}

// Load checks all cassettes, and makes a history of its own of their webhooks, which becomes that of the shell. done
// removes it, and is never nil. A webhook that was saved with a bad signature is replayed as any other.
func Load(ctx context.Context, sh *shell.Shell, names []string) (done func(), err error) {
	for _, name := range names { // nothing is sent before all files are known to be whole
		_, closer, err := open(sh, name)
		if err != nil {
			return func() {}, err
		}
		_ = closer.Close()
	}
	dir, err := os.MkdirTemp("", "barb-replay-*") // 0700
	if err != nil {
		return func() {}, fail.Local("%w", err)
	}
	done = func() {
		if sh.History != nil {
			_ = sh.History.Close()
			sh.History = nil
		}
		_ = os.RemoveAll(dir)
	}
	path := filepath.Join(dir, "replay.db")
	empty, err := store.Open(ctx, path)
	if err != nil {
		return done, err
	}
	if err := empty.Close(); err != nil {
		return done, err
	}
	sh.UseHistory(path)
	history, err := sh.ReadHistory(ctx) // which does not prune itself
	if err != nil {
		return done, err
	}
	masking := history.Redact
	history.Redact = nil // a cassette has what is to be sent
	defer func() { history.Redact = masking }()
	for _, name := range names {
		if err := loadOne(ctx, sh, history, name); err != nil {
			return done, err
		}
	}
	return done, nil
}

// loadOne records the webhooks of a cassette.
func loadOne(ctx context.Context, sh *shell.Shell, history *store.Store, name string) error {
	f, closer, err := open(sh, name)
	if err != nil {
		return err
	}
	defer closer.Close()
	for w, err := range f.All() {
		if err != nil {
			return mistake(name, err)
		}
		w.Verdict = record.Verdict{}
		if err := history.Record(ctx, &w.Exchange); err != nil {
			return err
		}
	}
	return nil
}

// places parses the values of --redact.
func places(texts []string) (all []redact.Place, err error) {
	for _, text := range texts {
		p, err := redact.ParsePlace(text)
		if err != nil {
			return nil, fail.Usage("--redact %q: %w", text, err).Hint("--redact json:/customer/email,header:authorization")
		}
		all = append(all, p)
	}
	return all, nil
}

// wrongFormat is the error for a format that a command does not have.
func wrongFormat(command, given string, known []string) error {
	if given == "" {
		return fail.Usage("%s needs a format: %s", command, strings.Join(known, ", ")).
			Hintf("barb %s %s", command, known[0])
	}
	return fail.Usage("unknown format %q: choose %s", given, strings.Join(known, ", ")).
		Hint(fail.DidYouMean("barb "+command+" ", fail.Nearest(given, known), "barb "+command+" "+known[0]))
}

// completed offers the formats first, then what follows.
func completed(known []string, then cobra.CompletionFunc) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return then(cmd, args, prefix)
		}
		return slices.DeleteFunc(slices.Clone(known), func(name string) bool { return !strings.HasPrefix(name, prefix) }),
			cobra.ShellCompDirectiveNoFileComp
	}
}

// countOf says how many webhooks are where.
func countOf(count int, path string) string {
	return fmt.Sprintf("%s in %s", ui.Count(count, "webhook"), cmp.Or(path, "stdout"))
}
