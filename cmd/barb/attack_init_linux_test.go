package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// contained starts barb as the first process of a process namespace, as it is in a container, and returns that process.
func contained(t *testing.T, dir string, args ...string) (first int, ended chan int) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "barb") // TestMain goes by the name
	if err := os.Symlink(binary, link); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--pid", "--fork", "--kill-child", "--mount-proc"}
	if os.Geteuid() != 0 {
		flags = append(flags, "--map-root-user")
	}
	said := &bytes.Buffer{}
	cmd := exec.Command("unshare", append(append(flags, link), args...)...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended = make(chan int, 1)
	go func() { _ = cmd.Wait(); ended <- cmd.ProcessState.ExitCode(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Log(said)
		}
	})
	until(t, "there is a first process", 20*time.Second, func() bool {
		children := childrenOf(cmd.Process.Pid, "")
		if len(children) == 1 {
			first = children[0]
		}
		return first > 0
	})
	return first, ended
}

// childrenOf are the children of a process, those in a state where it is not "".
func childrenOf(parent int, state string) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range all {
		data, err := os.ReadFile(file)
		var pid, its int
		var is string
		if _, scanErr := fmt.Sscan(string(data), &pid); err != nil || scanErr != nil {
			continue
		}
		if _, err := fmt.Sscan(string(data[bytes.LastIndexByte(data, ')')+1:]), &is, &its); err == nil && its == parent &&
			(state == "" || is == state) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestTheFirstProcessOfAContainerLeavesNoZombies(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"left in the group":       `(echo x >> ../ended) & exit 0`,
		"in a session of its own": `setsid sh -c 'sleep 0.1; echo x >> ended' & exit 0`,
		"forked twice":            `(setsid sh -c 'sleep 0.1; (echo x >> ended) & exit 0' &) ; exit 0`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, ready := t.TempDir(), filepath.Join(t.TempDir(), "url")
			script = strings.ReplaceAll(script, "../ended", "ended")
			if err := os.WriteFile(filepath.Join(dir, "run.sh"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			first, ended := contained(t, dir, "listen", "--addr", ":0", "--ready-file", ready, "--exec", "sh run.sh",
				"--exec-unverified")
			var url string
			until(t, "it listens", 20*time.Second, func() bool {
				data, err := os.ReadFile(ready)
				url = strings.TrimSpace(string(data))
				return err == nil
			})
			for n := range 5 {
				if status := post(url, fmt.Sprint(n), 10); status != http.StatusOK {
					t.Fatalf("answered %d", status)
				}
			}
			if !strings.Contains(name, "group") { // those in the group are killed
				until(t, "what it left has ended", 20*time.Second, func() bool { return lines(t, dir, "ended") == 5 })
			}
			until(t, "none is a zombie", 20*time.Second, func() bool { return len(childrenOf(first, "Z")) == 0 })
			if err := syscall.Kill(first, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if code := <-ended; code != 0 {
				t.Errorf("it ended with %d", code)
			}
		})
	}
}

func TestASecondSignalEndsTheFirstProcessOfAContainer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := newEndpoint(t, func(r *http.Request, _ int) { <-r.Context().Done() })
	runBarb(t, dir, "send", e.url, "-d", "{}", "--queue", "--timeout", "5m")
	first, ended := contained(t, dir, "deliver")
	until(t, "it is on its way", 20*time.Second, func() bool { came, _ := e.count(); return came == 1 })
	code := 0
	until(t, "it has ended", 20*time.Second, func() bool { // the first one may still be on its way when the second is sent
		_ = syscall.Kill(first, syscall.SIGINT)
		select {
		case code = <-ended:
			return true
		default:
			return false
		}
	})
	if code != 130 { // in order it ends with 0, after 10 s
		t.Errorf("it ended with %d", code)
	}
}
