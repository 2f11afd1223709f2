package live

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"strconv"
	"strings"

	"github.com/barbhq/barb/commands/keys"
	"github.com/barbhq/barb/commands/ui"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// Commands runs the command lines that keys stand for.
type Commands struct {
	// Run runs barb with arguments until it has ended or ctx does. What it prints goes to two writers.
	Run func(ctx context.Context, out, errs io.Writer, args ...string)
	// Copy writes what copies a part of a webhook to a terminal, and returns what it says of it.
	Copy    func(ctx context.Context, terminal io.Writer, id int64, l keys.Letter) string
	Faint   func(string) string
	Scheme  []string // the flag of the scheme that signatures are checked with; nil when none was given
	Secrets []string // the flags of the secrets; nil when none were given
}

// Add adds a webhook that has been answered.
func (s *Session) Add(h *ui.Hook) {
	if s == nil {
		return
	}
	var line, words strings.Builder
	s.mu.Lock()
	defer s.mu.Unlock()
	// All rows in one way, which leaves room for a mark, a blank, and the last column.
	s.lines.P = &ui.Printer{W: &line, Width: 1}
	s.lines.Columns = func() int { return max(s.Columns()-3, 1) }
	s.lines.Write(h)
	(&ui.HookLines{P: &ui.Printer{W: &words}}).Write(h)
	if status := h.Status(); status != 0 {
		words.WriteString(" " + strconv.Itoa(status/100) + "xx")
	}
	words.WriteString(" " + string(h.Outcome()))
	s.list.add(row{id: h.ID, line: strings.TrimRight(line.String(), "\n"), words: words.String(),
		verified: h.Verdict.Status == record.Valid})
	s.tellArrived()
}

// do runs the command of an action on a webhook, and writes what it says to the screen.
func (s *Session) do(ctx context.Context, action keys.Action, r row) {
	id := strconv.FormatInt(r.id, 10)
	var args, secrets []string
	switch action {
	case keys.CopyCurl:
		s.copyCurl(ctx, id)
		return
	case keys.Open:
		args = []string{"show", id}
	case keys.Explain:
		args, secrets = append([]string{"verify", id, "--explain"}, s.Commands.Scheme...), s.Commands.Secrets
	case keys.Pin:
		if args = []string{"pin", id}; r.pinned {
			args[0] = "unpin"
		}
		s.mu.Lock()
		s.list.pin(r.seq)
		s.mu.Unlock()
	case keys.Replay:
		if args = []string{"replay", id}; r.verified {
			secrets = s.Commands.Secrets
		}
	}
	var said bytes.Buffer // written whole, so that no line comes between
	said.WriteString(s.Commands.Faint("$ barb "+strings.Join(args, " ")) + "\n")
	if action == keys.Replay { // it says what it is about to do
		_, _ = s.Screen.Write(said.Bytes())
		s.Commands.Run(ctx, s.Screen, s.Screen, append(args, secrets...)...)
		return
	}
	s.Commands.Run(ctx, &said, &said, append(args, secrets...)...)
	if !bytes.HasSuffix(said.Bytes(), []byte("\n")) {
		said.WriteByte('\n')
	}
	_, _ = s.Screen.Write(said.Bytes())
}

// copy copies a part of a webhook.
func (s *Session) copy(ctx context.Context, l keys.Letter, r row) {
	var said bytes.Buffer // written whole, so that no line comes between
	text := s.Commands.Copy(ctx, &said, r.id, l)
	said.WriteString("barb: " + ui.EscapeLine(text) + "\n")
	_, _ = s.Screen.Write(said.Bytes())
}

// mostCopied is how many bytes a terminal takes for its clipboard; several drop more.
const mostCopied = 74_000

// copyCurl copies a webhook as curl with the escape sequence OSC 52, which also works through ssh.
func (s *Session) copyCurl(ctx context.Context, id string) {
	var curl, said bytes.Buffer
	s.Commands.Run(ctx, &curl, &said, "show", id, "--curl")
	text := strings.TrimSuffix(curl.String(), "\n")
	coded := base64.StdEncoding.EncodeToString([]byte(text))
	switch size := units.RoundSize(int64(len(text))); {
	case text == "":
	case len(coded) > mostCopied:
		said.WriteString("barb: " + id + " is too long for the clipboard of a terminal: " + size +
			" as curl\nhint: barb show " + id + " --curl\n")
	default:
		said.WriteString("\x1b]52;c;" + coded + "\a" + "barb: copied " + id + " as curl, " + size +
			"; if your terminal has no clipboard: barb show " + id + " --curl\n")
	}
	_, _ = s.Screen.Write(said.Bytes())
}
