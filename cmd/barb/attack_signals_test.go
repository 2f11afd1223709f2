//go:build unix

package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A shell starts a job with & so that ^C is ignored, and trap ” has it ignore what is named. The first signal ends barb
// in order all the same, and the second at once.
func TestASecondSignalEndsAJobThatWasStartedToIgnoreIt(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"started with &":         `barb deliver & echo $! > pid; wait $!; echo $? > code`,
		"in a subshell":          `(exec barb deliver) & echo $! > pid; wait $!; echo $? > code`,
		"ignored by its starter": `trap '' INT; barb deliver & echo $! > pid; wait $!; echo $? > code`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			e := newEndpoint(t, func(r *http.Request, _ int) { <-r.Context().Done() })
			runBarb(t, dir, "send", e.url, "-d", "{}", "--queue", "--timeout", "5m")
			self, err := os.Executable()
			if err == nil {
				err = os.Symlink(self, filepath.Join(dir, "barb"))
			}
			if err != nil {
				t.Fatal(err)
			}
			shell := exec.Command("sh", "-c", line)
			shell.Dir, shell.Env = dir, append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "HOME="+dir,
				"XDG_CONFIG_HOME="+dir, "BARB_DB="+filepath.Join(dir, "history.db"))
			if err := shell.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = shell.Process.Kill(); _ = shell.Wait() })
			until(t, "it is on its way", 20*time.Second, func() bool { came, _ := e.count(); return came == 1 })
			pid := numberIn(t, dir, "pid")
			// the first one may still be on its way when the second is sent
			until(t, "it has ended", 20*time.Second, func() bool {
				_ = syscall.Kill(pid, syscall.SIGINT)
				_, err := os.Stat(filepath.Join(dir, "code"))
				return err == nil
			})
			if code := numberIn(t, dir, "code"); code != 130 { // in order it ends with 0, after 10 s
				t.Errorf("it ended with %d", code)
			}
		})
	}
}

func numberIn(t *testing.T, dir, name string) (n int) {
	t.Helper()
	until(t, name+" is there", 20*time.Second, func() bool {
		data, err := os.ReadFile(filepath.Join(dir, name))
		n = 0
		for _, digit := range strings.TrimSpace(string(data)) {
			if n = n*10 + int(digit-'0'); digit < '0' || digit > '9' {
				return false
			}
		}
		return err == nil && len(data) > 0
	})
	return n
}
