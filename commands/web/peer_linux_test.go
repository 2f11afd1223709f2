package web_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asNobody sends a request from a thread that is another user, and returns the answer.
func asNobody(address, request string) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		const nobody = 65534
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
			done <- result{"", errno}
			return
		}
		conn, err := net.DialTimeout("tcp4", address, 10*time.Second)
		if err != nil {
			done <- result{"", err}
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err = io.WriteString(conn, request); err != nil {
			done <- result{"", err}
			return
		}
		text, err := io.ReadAll(conn)
		done <- result{string(text), err}
	}()
	r := <-done
	return r.text, r.err
}

func TestAConnectionOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	s := entered(t)
	s.add(received(1))
	cookie := s.browser.Jar.Cookies(mustURL(t, s.at))[0].String()
	for _, path := range []string{"/", "/static/app.js", "/events", s.entry[len(s.at):]} {
		text, err := asNobody("127.0.0.1:"+s.port(), "GET "+path+" HTTP/1.1\r\nHost: 127.0.0.1:"+s.port()+"\r\nCookie: "+
			cookie+"\r\nConnection: close\r\n\r\n")
		if err != nil || !strings.HasPrefix(text, "HTTP/1.1 403") || strings.Contains(text, "Set-Cookie") {
			t.Errorf("%s: %v %.60q", path, err, text)
		}
	}
	if status, _, _ := s.ask("GET", "/", nil, ""); status != http.StatusOK {
		t.Errorf("this user: status %d", status)
	}
}

// A proxy runs as another user. Without the host that it has to pass on, it is a stranger.
func TestAProxyOfAnotherUserPassesOnItsHost(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	s := publicSite(t)
	for host, want := range map[string]string{team: "HTTP/1.1 303", "127.0.0.1:" + s.port(): "HTTP/1.1 403"} {
		text, err := asNobody("127.0.0.1:"+s.port(), "GET "+s.entry[len(s.at):]+" HTTP/1.1\r\nHost: "+host+
			"\r\nConnection: close\r\n\r\n")
		if err != nil || !strings.HasPrefix(text, want) || want == "HTTP/1.1 403" && !strings.Contains(text, team) {
			t.Errorf("%s: %v %.900q", host, err, text)
		}
	}
}
