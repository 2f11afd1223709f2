//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// fakeBrowser is a program that notes the address that it is to open.
func (m *tmux) fakeBrowser() (file string, opened func() string) {
	m.t.Helper()
	dir := m.t.TempDir()
	file, noted := filepath.Join(dir, "browser"), filepath.Join(dir, "opened")
	text := "#!/bin/sh\necho \"$1\" > " + noted + ".new && mv " + noted + ".new " + noted + "\n"
	if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
		m.t.Fatal(err)
	}
	return file, func() (address string) {
		m.t.Helper()
		until(m.t, "the browser is opened", time.Minute, func() bool {
			data, err := os.ReadFile(noted)
			address = strings.TrimSpace(string(data))
			return err == nil && os.Remove(noted) == nil
		})
		return address
	}
}

// browse opens an address in a browser of its own, and returns where it led to with the page.
func browse(t *testing.T, address string) (status int, at, text string) {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	answer, err := (&http.Client{Jar: jar, Timeout: 30 * time.Second}).Get(address)
	if err != nil {
		return 0, "", err.Error()
	}
	defer answer.Body.Close()
	data, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, answer.Request.URL.RequestURI(), string(data)
}

func TestTheViewOpensThePageAtAWebhook(t *testing.T) {
	t.Parallel()
	m := newTmux(t, "80", "24")
	browser, opened := m.fakeBrowser()
	m.run("set-option", "-g", "set-clipboard", "on")
	m.keys("barb send 127.0.0.1:1 -d '{}' --event a.b --retries 0 -q; clear; BROWSER="+browser+" barb tui", "Enter")
	m.shows(`1/1  ● following`)
	m.keys("o")
	screen := m.shows(`opened http://127\.0\.0\.1:\d+/w/1; copied its address`)
	address := opened()
	if strings.Contains(screen, "code=") || !strings.Contains(address, "/w/1?code=") {
		t.Errorf("the browser opens %q, and the screen is\n%s", address, screen)
	}
	if status, at, text := browse(t, address); status != 200 || at != "/w/1" || !strings.Contains(text, "a.b") {
		t.Errorf("%d at %s:\n%s", status, at, text)
	}
	copied := strings.TrimSpace(m.run("show-buffer"))
	if status, at, _ := browse(t, copied); copied == address || status != 200 || at != "/w/1" {
		t.Errorf("the copied address %s: %d at %q", copied, status, at)
	}
	if status, _, text := browse(t, copied); status != http.StatusForbidden {
		t.Errorf("the copied address, again: %d\n%s", status, text)
	}
	m.keys("/", "--sent", "Enter")
	m.shows("filter --sent")
	m.keys("o")
	if _, at, _ := browse(t, opened()); at != "/w/1?q=--sent" {
		t.Errorf("with a filter it opens %s", at)
	}
	m.keys("q")
	m.shows(`ready\$\s*$`)
	if status, _, _ := browse(t, address); status != 0 {
		t.Errorf("the page outlives the view: %d", status)
	}
}

// Where there is no browser the address stands on the screen until the next key, and nowhere afterwards.
func TestTheAddressWithItsCodeDoesNotStay(t *testing.T) {
	t.Parallel()
	m := newTmux(t, "46", "24")
	m.keys("clear; BROWSER=/nowhere/browser barb tui", "Enter")
	m.shows(`history is empty`)
	m.keys("o")
	screen := m.shows(`works once(.*\n)*http://127(.*\n)*.*quit`)
	address := regexp.MustCompile(`http://127[^ ]*code=[A-Z2-7]{26}`).FindString(strings.ReplaceAll(screen, "\n", ""))
	if status, at, text := browse(t, address); status != 200 || at != "/" {
		t.Errorf("%s: %d at %q\n%s\n%s", address, status, at, text, screen)
	}
	m.keys("f")
	if m.shows("○ not following"); strings.Contains(m.run("capture-pane", "-p"), "code=") {
		t.Error("the code is still on the screen")
	}
	m.keys("q")
	m.shows(`ready\$\s*$`)
	if all := m.run("capture-pane", "-p", "-S", "-"); strings.Contains(all, "code=") {
		t.Errorf("the code is left in the terminal:\n%s", all)
	}
}

// In barb listen --ui the view opens the page that runs already.
func TestTheViewOfAListenerOpensItsPage(t *testing.T) {
	t.Parallel()
	m := newTmux(t, "100", "30")
	browser, opened := m.fakeBrowser()
	m.keys("clear; BROWSER="+browser+" barb listen --addr 127.0.0.1:0 --ui=:0", "Enter")
	screen := m.shows(`ui on http://(.*\n)+.*quit`)
	page := regexp.MustCompile(`ui on (http://127\.0\.0\.1:\d+/)`).FindStringSubmatch(screen)[1]
	m.keys("t")
	m.shows(`history is empty(.*\n)+ +barb send http://127\.0\.0\.1:\d+`)
	m.keys("o")
	address := opened()
	if status, _, _ := browse(t, address); status != 200 || !strings.HasPrefix(address, page+"?code=") {
		t.Errorf("%s: %d", address, status)
	}
	m.keys("q")
	m.shows("t view")
	if status, _, _ := browse(t, address); status != http.StatusForbidden {
		t.Errorf("the page of the listener, after the view: %d", status)
	}
	m.keys("q")
	m.shows(`ready\$\s*$`)
}
