package again

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/commands/report"
	"github.com/barbhq/barb/commands/retest"
	"github.com/barbhq/barb/commands/shell"
	"github.com/barbhq/barb/deliver/replay"
	"github.com/barbhq/barb/store/disk"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/store/snapshot"
)

// answers are the answers of --snapshot, and what became of them in this run.
type answers struct {
	path   string
	update bool // --update-snapshot
	frozen bool // nothing is written: CI is set
	all    bool // every webhook of the file is expected: no filter was given

	mu      sync.Mutex // held for what follows
	file    *snapshot.Snapshot
	seen    map[string]bool
	written int // new ones
	changed int // by --update-snapshot
}

// openAnswers reads the file of --snapshot; nil without it. A file that is not there is made, but not in CI.
func openAnswers(sh *shell.Shell, o *options) (*answers, error) {
	switch {
	case o.snapshot == "" && o.updateSnapshot:
		return nil, fail.Usage("--update-snapshot needs --snapshot FILE")
	case o.snapshot == "":
		return nil, nil
	case o.compares:
		return nil, fail.Usage("--snapshot and --compare-recorded are two things to compare with: use one of them")
	}
	ci := strings.ToLower(sh.Getenv("CI"))
	a := &answers{path: o.snapshot, update: o.updateSnapshot, all: !o.Filter.Given(), file: &snapshot.Snapshot{},
		frozen: ci != "" && ci != "0" && ci != "false" && !o.updateSnapshot, seen: map[string]bool{}}
	f, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		if a.frozen {
			return nil, fail.Usage("there is no snapshot %s, and none is written while CI is set", a.path).
				Hint("run it once where CI is not set, and commit the file; or add --update-snapshot")
		}
		if err := disk.Placeable(a.path); err != nil {
			return nil, fail.Local("%w", err)
		}
		return a, nil
	}
	if err != nil {
		return nil, fail.Local("%w", err)
	}
	defer f.Close()
	if a.file, err = snapshot.Read(f); err != nil {
		if _, ok := errors.AsType[*snapshot.Error](err); ok {
			return nil, fail.Usage("%s:%w", a.path, err).Hint("--update-snapshot needs a file that is whole; remove it to " +
				"write it anew")
		}
		return nil, fail.Local("%w", err)
	}
	return a, nil
}

// verdict compares an answer with that of the snapshot, and adds an answer that the snapshot does not have.
func (a *answers) verdict(ctx context.Context, j *judge, r *replay.Replay, attempt *record.Exchange) (v retest.Verdict,
	err error) {
	webhook := r.Exchange
	if webhook.WebhookID == "" {
		if webhook, err = j.whole(context.WithoutCancel(ctx), webhook.ID); err != nil {
			return v, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	key := a.file.Key(webhook)
	a.seen[key] = true
	then := a.file.Get(key)
	if then == nil || a.update {
		v = j.options.asked.Judge(attempt, nil)
	} else {
		v = j.options.asked.Judge(attempt, then)
	}
	switch {
	case !v.Answered:
	case then == nil && a.frozen:
		v.Note, v.Outcome = "not in the snapshot", report.Fail
	case then == nil:
		v.Note = "written to the snapshot"
		a.written++
		a.file.Put(key, webhook.Event(), attempt)
	case a.update:
		checks := j.options.asked
		if again := checks.Judge(attempt, then); len(again.Differences) > 0 {
			v.Note = "updated in the snapshot"
			a.changed++
			a.file.Put(key, webhook.Event(), attempt)
		}
	}
	return v, nil
}

// save writes the file where there is something new. complete reports whether every webhook had its answer.
func (a *answers) save(sh *shell.Shell, complete bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	gone := 0
	if complete && a.all {
		if gone = a.file.Missing(a.seen); a.update {
			a.file.Only(a.seen)
		}
	}
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{a.written, "written"}, {a.changed, "updated"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	if gone > 0 && a.update {
		parts = append(parts, fmt.Sprintf("%d removed", gone))
	}
	if len(parts) > 0 {
		err := disk.PublishFrom(a.path, a.file.Write)
		if err != nil {
			return fail.Local("%w", err)
		}
		sh.Say("barb: snapshot %s: %s", a.path, strings.Join(parts, ", "))
	}
	if gone > 0 && !a.update {
		sh.Say("barb: snapshot %s: %d no longer sent (--update-snapshot removes them)", a.path, gone)
	}
	return nil
}
