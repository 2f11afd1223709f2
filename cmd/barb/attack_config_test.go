//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"github.com/barbhq/barb/commands"
)

// runsCommand is a barb.toml that shows in a file that it was used.
const runsCommand = "[[route]]\nscheme = \"github\"\n" +
	"secret = \"cmd:echo used >> '%USED%'; echo a-secret-of-some-length\"\n"

// A barb.toml that another user has written, or could replace, is not used and nothing of it runs.
func TestAFoundConfigurationThatOthersCanWriteIsNotUsed(t *testing.T) {
	t.Parallel()
	const stranger = 54321
	rows := map[string]func(t *testing.T, top, project string){
		"the file is writable by all":        func(t *testing.T, _, project string) { mode(t, project+"/barb.toml", 0o646) },
		"its folder is writable by all":      func(t *testing.T, _, project string) { mode(t, project, 0o757) },
		"a folder above is writable by all":  func(t *testing.T, top, _ string) { mode(t, top, 0o777) },
		"a link to a folder writable by all": linkedFrom(0o777),
		"it is a pipe, and nobody writes":    func(t *testing.T, _, project string) { pipe(t, project+"/barb.toml") },
	}
	if os.Getuid() == 0 {
		rows["the file is a stranger's"] = func(t *testing.T, _, project string) { own(t, project+"/barb.toml", stranger, 0) }
		rows["its folder is a stranger's"] = func(t *testing.T, _, project string) { own(t, project, stranger, 0) }
		rows["a folder above is a stranger's"] = func(t *testing.T, top, _ string) { own(t, top, stranger, 0) }
		rows["a sticky folder of a stranger's"] = func(t *testing.T, top, _ string) {
			mode(t, top, 0o777|os.ModeSticky)
			own(t, top, stranger, 0)
		}
		rows["a group writes its folder"] = func(t *testing.T, _, project string) {
			own(t, project, 0, stranger)
			mode(t, project, 0o770)
		}
	}
	for name, weaken := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, top, project, used := newProject(t)
			weaken(t, top, project)
			said := b.says(t, 2, "sign", "-d", "x", "-s", "github")
			if _, err := os.Stat(used); err == nil {
				t.Errorf("the command ran")
			}
			if !strings.Contains(said, "barb.toml is not used: ") && !strings.Contains(said, "barb.toml is not a regular file") {
				t.Errorf("barb says\n%s", said)
			}
		})
	}
}

// What is one's own is used as ever once it was agreed to: in a project, behind a link of one's own, in /tmp.
func TestAFoundConfigurationOfOnesOwnIsUsed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, top, project string){
		"as it is cloned":              func(*testing.T, string, string) {},
		"others may read it":           func(t *testing.T, _, project string) { mode(t, project+"/barb.toml", 0o644) },
		"nobody else may":              func(t *testing.T, _, project string) { mode(t, project, 0o700) },
		"behind a link of one's own":   linkedFrom(0o755),
		"in a sticky folder of root's": func(t *testing.T, top, _ string) { stickyOfRoot(t, top) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, top, project, used := newProject(t)
			change(t, top, project)
			b.dir = project + "/sub"
			b.says(t, 2, "sign", "-d", "x", "-s", "github")
			b.says(t, 0, "config", "trust")
			b.says(t, 0, "sign", "-d", "x", "-s", "github")
			if _, err := os.Stat(used); err != nil {
				t.Error("the command did not run")
			}
		})
	}
}

// The file of the user's own configuration is not searched for, but its owner is looked at.
func TestTheUsersOwnConfigurationMustBeTheUsers(t *testing.T) {
	t.Parallel()
	b, _, project, used := newProject(t)
	b.dir = t.TempDir()
	if err := os.Mkdir(b.dir+"/barb", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(project+"/barb.toml", b.dir+"/barb/barb.toml"); err != nil {
		t.Fatal(err)
	}
	mode(t, b.dir+"/barb/barb.toml", 0o606)
	b.says(t, 2, "sign", "-d", "x", "-s", "github")
	if _, err := os.Stat(used); err == nil {
		t.Error("the command ran")
	}
	b.says(t, 0, "sign", "-d", "x", "-s", "github", "--config", b.dir+"/barb/barb.toml")
	mode(t, b.dir+"/barb/barb.toml", 0o600)
	b.says(t, 0, "sign", "-d", "x", "-s", "github") // and it is not asked about
}

// On a terminal it is asked, the text of a stranger escaped, and the answer yes is kept.
func TestAFoundConfigurationIsAskedAboutOnATerminal(t *testing.T) {
	t.Parallel()
	_, _, project, used := newProject(t)
	text, err := os.ReadFile(project + "/barb.toml")
	if err != nil {
		t.Fatal(err)
	}
	put(t, project+"/barb.toml", strings.Replace(string(text), "cmd:echo used", `cmd:: \u001b[2J; echo used`, 1))
	sign := "barb sign -d x -s github; echo ended $?"
	for _, answer := range []struct{ typed, want string }{{"\n", "ended 2"}, {"n\n", "ended 2"},
		{"yes please\n", "ended 2"}} {
		p := inTerminal(t, project, sign)
		p.until(`line 3 +run a command: : \\x1b\[2J; echo used >> .*\n.*trust it\? \[y/N\] $`)
		p.types(answer.typed)
		p.until(answer.want)
	}
	if _, err := os.Stat(used); err == nil {
		t.Error("the command ran")
	}
	p := inTerminal(t, project, sign)
	p.until(`trust it\? \[y/N\] $`)
	p.types("y\n")
	p.until("X-Hub-Signature-256(.|\n)*ended 0")
	p = inTerminal(t, project, sign)
	p.until("X-Hub-Signature-256(.|\n)*ended 0")
	if strings.Contains(p.text(), "trust it") {
		t.Errorf("it is asked again\n%s", p.text())
	}
	kept, err := filepath.Glob(project + "/home/barb/trusted/*")
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	if info, err := os.Stat(kept[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// newProject is a folder with a barb.toml that the user has agreed to, a folder in it, and one above it.
func newProject(t *testing.T) (b inProcess, top, project, used string) {
	t.Helper()
	top = filepath.Join(t.TempDir(), "top")
	project = filepath.Join(top, "project")
	if err := os.MkdirAll(project+"/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	used = filepath.Join(t.TempDir(), "used")
	put(t, project+"/barb.toml", strings.ReplaceAll(runsCommand, "%USED%", used))
	return inProcess{project}, top, project, used
}

// says runs a command to its end and returns what it said on stderr.
func (b inProcess) says(t *testing.T, want int, args ...string) string {
	t.Helper()
	said := &bytes.Buffer{}
	if code := commands.Main(context.Background(), b.env(io.Discard, said), "test", args); code != want {
		t.Errorf("barb %v = %d, want %d\n%s", args, code, want, said)
	}
	return said.String()
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mode(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func own(t *testing.T, path string, uid, gid int) {
	t.Helper()
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

// linkedFrom puts the file into another folder, of this mode, and a link in its place.
func linkedFrom(of os.FileMode) func(t *testing.T, top, project string) {
	return func(t *testing.T, top, project string) {
		t.Helper()
		if err := os.Mkdir(top+"/elsewhere", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(project+"/barb.toml", top+"/elsewhere/mine.toml"); err != nil {
			t.Fatal(err)
		}
		mode(t, top+"/elsewhere", of)
		if err := os.Symlink("../elsewhere/mine.toml", project+"/barb.toml"); err != nil {
			t.Fatal(err)
		}
	}
}

func pipe(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// stickyOfRoot makes the folder above as /tmp is where that can be done; the folder of the test lies in /tmp anyhow.
func stickyOfRoot(t *testing.T, top string) {
	t.Helper()
	if os.Getuid() == 0 {
		mode(t, top, 0o777|os.ModeSticky)
	}
}

// inTerminal is a shell line on a pseudo-terminal, in a folder, with a home there.
func inTerminal(t *testing.T, dir, line string) *terminal {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.Symlink(self, filepath.Join(bin, "barb")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", "-c", line)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir, "XDG_DATA_HOME="+dir+"/home",
		"XDG_CONFIG_HOME="+dir+"/home", "TERM=xterm", "NO_COLOR=1")
	cmd.Dir = dir
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	p := &terminal{t: t, pty: f, done: make(chan error, 1)}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = f.Close() })
	go func() {
		_, _ = io.Copy(p, f) // ends with an error of its own when the process does
		p.done <- cmd.Wait()
	}()
	return p
}

// types writes on the keyboard.
func (p *terminal) types(text string) {
	p.t.Helper()
	_ = p.pty.SetWriteDeadline(time.Now().Add(20 * time.Second)) // not every system knows one for a terminal
	if _, err := p.pty.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// A history of another user's is neither believed nor written to; the line says how to make it one's own.
func TestAStrangersHistoryIsRefusedWithTheCommandThatMakesItOnesOwn(t *testing.T) {
	t.Parallel()
	b := newBarb(t)
	b.says(t, 3, "send", "http://127.0.0.1:1", "-d", "x", "--retries", "0")
	path := b.dir + "/history.db"
	want := "was not written by barb"
	if os.Getuid() == 0 {
		own(t, path, 54321, 54321)
		want = "belongs to another user (uid 54321)\nhint: run barb as that user; or, if you trust what is in it: " +
			"sudo chown \"$(id -u)\" " + path + "*"
	} else if err := os.Symlink(path, path+"-wal"); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"history"}, {"send", "http://127.0.0.1:1", "-d", "x"}, {"queue"}, {"stats"},
		{"prune", "--older-than", "1d"}} {
		if said := b.says(t, 5, command...); !strings.Contains(said, want) {
			t.Errorf("barb %s says\n%s", command[0], said)
		}
	}
}
