//go:build linux

package soak

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// traced are the system calls that a trace holds: those that write files, that make them durable, and that talk to a
// peer. The calls in alien would write a file too; the disk of a test cannot follow them.
const (
	traced = "openat,read,write,writev,sendto,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat," + alien
	alien  = "pwritev,pwritev2,fallocate,copy_file_range,truncate,rename,renameat,renameat2,link,linkat"
)

// call is one system call.
type call struct {
	name   string
	file   string   // the path or socket of its descriptor; of openat and unlink the path that was named
	data   [][]byte // what it wrote or read
	last   int64    // its last argument where that is a number: an offset or a length
	flags  string   // of openat
	result int64
	begun  int // its place among all events
	ended  int
}

// event is the begin or the end of a call. Those of several threads follow each other as they happened.
type event struct {
	*call
	end bool
}

// strace prefixes a command with what traces it to a file. The test fails where nothing can be traced.
func strace(t *testing.T, to string) []string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is missing: apt-get install strace (Debian, Ubuntu) or dnf install strace (Fedora)")
	}
	args := []string{path, "-f", "-qq", "-y", "-xx", "-s", "2097152", "-e", "signal=none", "-e", "trace=" + traced, "-o", to}
	try := exec.Command(args[0], append(args[1:], "true")...)
	if said, err := try.CombinedOutput(); err != nil {
		t.Fatalf("strace may not trace here, %v: allow ptrace (docker run --cap-add SYS_PTRACE)\n%s", err, said)
	}
	return args
}

// readTrace returns the events of a trace.
func readTrace(t *testing.T, name string) (events []event) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open := map[string]*call{} // by thread
	add := func(c *call, end bool) {
		if end {
			c.ended = len(events)
		} else {
			c.begun, c.ended = len(events), -1
		}
		events = append(events, event{c, end})
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		thread, text, _ := strings.Cut(lines.Text(), " ")
		text = strings.TrimLeft(text, " ")
		if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") {
			continue
		}
		if _, rest, resumed := strings.Cut(text, " resumed>"); resumed && strings.HasPrefix(text, "<...") {
			c := open[thread]
			c.read(t, rest)
			add(c, true)
			continue
		}
		args, unfinished := strings.CutSuffix(text, " <unfinished ...>")
		c := &call{}
		c.name, args, _ = strings.Cut(args, "(")
		add(c, false)
		c.read(t, args)
		if open[thread] = c; !unfinished {
			add(c, true)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// read takes the arguments and the result from a part of a call's line. The result follows the last ")".
func (c *call) read(t *testing.T, text string) {
	t.Helper()
	args := text
	if at := strings.LastIndex(text, ") "); at >= 0 {
		_, result, ok := strings.Cut(text[at:], "= ")
		digits := strings.TrimLeft(result, "-")
		n, err := strconv.ParseInt(digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789"))], 10, 64)
		if !ok || err != nil && !strings.HasPrefix(result, "?") {
			t.Fatalf("cannot read %s(%.300s", c.name, text)
		}
		if args, c.result = text[:at], n; strings.HasPrefix(result, "-") {
			c.result = -n
		}
	}
	for i, part := range strings.Split(args, `"`) {
		if i%2 == 0 { // between the texts: numbers and flags
			c.number(part)
			continue
		}
		c.data = append(c.data, unhex(t, part))
	}
	if c.file == "" && len(c.data) > 0 && (c.name == "openat" || strings.HasPrefix(c.name, "unlink")) {
		c.file = string(c.data[0])
	}
}

// number takes descriptors, flags and the last number from arguments without texts.
func (c *call) number(part string) {
	if fd, path, ok := strings.Cut(part, "<"); ok && c.file == "" && fd != "AT_FDCWD" {
		path, _, _ = strings.Cut(path, ">")
		if raw, err := hex.DecodeString(strings.ReplaceAll(path, `\x`, "")); err == nil {
			c.file = string(raw)
		}
	}
	for _, field := range strings.Split(part, ", ") {
		if strings.HasPrefix(field, "O_") {
			c.flags = field
		}
		if n, err := strconv.ParseInt(field, 10, 64); err == nil {
			c.last = n
		}
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
	if err != nil {
		t.Fatalf("%.80s: %v", text, err)
	}
	return raw
}

// isPeer reports whether a call talks to a peer.
func (c *call) isPeer() bool {
	return strings.HasPrefix(c.file, "socket:") || strings.HasPrefix(c.file, "TCP")
}

// after returns what follows a text in the data of a call, up to the end of the line.
func (c *call) after(text string) (rest string, ok bool) {
	for _, data := range c.data {
		if at := bytes.Index(data, []byte(text)); at >= 0 {
			line, _, _ := bytes.Cut(data[at+len(text):], []byte("\r\n"))
			return string(line), true
		}
	}
	return "", false
}

// starts reports whether the data of a call begins with a text.
func (c *call) starts(text string) bool {
	return len(c.data) > 0 && bytes.HasPrefix(c.data[0], []byte(text))
}

// exchanged says when a peer wrote and was answered: the begin of the first 200 or 202 that the traced process wrote, and
// the end of the first that it read, by the id that went over the same socket before, in a header.
func exchanged(events []event, header string) (wrote, read map[string]int) {
	wrote, read = map[string]int{}, map[string]int{}
	ids := map[string]string{} // by socket
	for i, e := range events {
		if !e.isPeer() {
			continue
		}
		if e.end == (e.name == "read") {
			if id, ok := e.after("\r\n" + header + ": "); ok {
				ids[e.file] = id
			}
		}
		if id := ids[e.file]; id != "" && (e.starts("HTTP/1.1 200") || e.starts("HTTP/1.1 202")) {
			at := map[bool]map[string]int{true: read, false: wrote}[e.name == "read"]
			if _, known := at[id]; !known && e.end == (e.name == "read") {
				at[id] = i
			}
		}
	}
	return wrote, read
}

// environment returns the environment of a barb whose home is a folder.
func environment(dir string) []string {
	return append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "KEY="+key)
}

// runTraced runs a command to its end and returns its trace.
func runTraced(t *testing.T, dir string, args ...string) []event {
	t.Helper()
	to := filepath.Join(dir, "trace")
	args = append(strace(t, to), args...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, environment(dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%w\n%s", err, said))
	}
	return readTrace(t, to)
}
