package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// judge is a running program that passes requests to the providers' SDKs: one request a line in, one answer a line out.
type judge struct {
	name    string
	stdin   io.Writer
	answers <-chan []byte // closed when the program has ended
	stderr  *transcript
	asked   int
}

// adapter is one SDK for one provider, as listed by a judge.
type adapter struct {
	Provider, SDK, Version, Function string
	Verify, Sign, Handshake          bool
	ByHand                           string `json:"by_hand"` // checks of the adapter's own
	judge                            *judge
}

// question is a judge's input. Time is in Unix seconds.
type question struct {
	ID       int               `json:"id"`
	Op       string            `json:"op"`
	Provider string            `json:"provider,omitempty"`
	SDK      string            `json:"sdk,omitempty"`
	Method   string            `json:"method,omitempty"`
	URL      string            `json:"url,omitempty"`
	Headers  []field           `json:"headers,omitempty"`
	Body     []byte            `json:"body_b64,omitempty"`
	Secrets  []string          `json:"secrets,omitempty"`
	Params   map[string]string `json:"params,omitempty"`
	IDHint   string            `json:"id_hint,omitempty"`
	Time     int64             `json:"time,omitempty"`
}

type field [2]string

// ruling is a judge's answer.
type ruling struct {
	ID       int
	Verdict  string
	Error    string // the SDK's error when it refused
	Fault    string // the adapter could not use the SDK: no verdict
	Status   int
	Headers  []field
	Body     []byte `json:"body_b64"`
	URL      string
	Adapters []adapter
}

func judges(t *testing.T) []*judge {
	return []*judge{goJudge(t), nodeJudge(t)}
}

func goJudge(t *testing.T) *judge {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "judge")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = "sdk/go"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build in sdk/go: %v\n%s", err, out)
	}
	return startJudge(t, "go", exec.Command(binary))
}

func nodeJudge(t *testing.T) *judge {
	t.Helper()
	const dir = "sdk/node"
	npmInstall(t, dir)
	cmd := exec.Command("node", "judge.mjs")
	cmd.Dir = dir
	return startJudge(t, "node", cmd)
}

func startJudge(t *testing.T, name string, cmd *exec.Cmd) *judge {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	j := &judge{name: name, stdin: stdin, stderr: &transcript{}}
	cmd.Stderr = j.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answers := make(chan []byte)
	j.answers = answers
	go read(stdout, answers)
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		for range answers {
		}
		_ = cmd.Wait()
	})
	return j
}

func read(stdout io.Reader, answers chan<- []byte) {
	defer close(answers)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		answers <- bytes.Clone(lines.Bytes())
	}
}

// ask sends one question and waits for its answer. A fault is an answer; a missing answer ends the test.
func (j *judge) ask(t *testing.T, q question) ruling {
	t.Helper()
	j.asked++
	q.ID = j.asked
	line, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.stdin.Write(append(line, '\n')); err != nil {
		t.Fatalf("the %s judge takes no more questions: %v\n%s", j.name, err, j.stderr)
	}
	select {
	case line, open := <-j.answers:
		if !open {
			t.Fatalf("the %s judge ended\n%s", j.name, j.stderr)
		}
		var r ruling
		if err := json.Unmarshal(line, &r); err != nil || r.ID != q.ID {
			t.Fatalf("the %s judge answered question %d with %s: %v", j.name, q.ID, line, err)
		}
		return r
	case <-time.After(time.Minute):
		t.Fatalf("the %s judge has been silent for a minute about %s of %s\n%s", j.name, q.Op, q.Provider, j.stderr)
	}
	return ruling{}
}

// adapters returns the judge's list.
func (j *judge) adapters(t *testing.T) []adapter {
	t.Helper()
	r := j.ask(t, question{Op: "list"})
	if r.Fault != "" || len(r.Adapters) == 0 {
		t.Fatalf("the %s judge lists no adapters: %s", j.name, r.Fault)
	}
	for i := range r.Adapters {
		r.Adapters[i].judge = j
	}
	return r.Adapters
}

// transcript records a program's stderr, to show it after a failure.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
