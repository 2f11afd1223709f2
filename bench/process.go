package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// secret is what everything is signed with: 32 bytes, as Standard Webhooks wants them.
const secret = "whsec_YmFyYiBiZW5jaG1hcmsga2V5IG9mIDMyIGJ5dGVzISE="

// limit is how long one process may take before it is killed.
const limit = 10 * time.Minute

// Where processes run: what is measured on one processor, what it talks to on another.
const (
	anywhere = -1
	toolCPU  = 0
	peerCPU  = 1
)

// command is a process to be started.
type command struct {
	path  string // a name without a slash is looked up
	args  []string
	cpu   int
	env   []string
	limit time.Duration // 0 is the usual one
	out   io.Writer     // nil throws it away
}

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	// rss is the most memory it had, in bytes. Linux counts what the runner had when it started the process, too, so it
	// is never below that.
	rss int64
}

func (b *bench) command(ctx context.Context, c command) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.path, c.args...)
	cmd.Dir, cmd.Stdout = b.dir, c.out
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "XDG_DATA_HOME=" + b.dir,
		"XDG_CONFIG_HOME=" + b.dir,
		"BENCH_SECRET=" + secret}, c.env...)
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

func (b *bench) barb(args ...string) command {
	return command{path: filepath.Join(b.bin, "barb"), args: args, cpu: toolCPU}
}

// self is this program in another role.
func (b *bench) self(role string, args ...string) command {
	return command{path: filepath.Join(b.bin, "bench"), args: append([]string{role}, args...), cpu: toolCPU}
}

func (c command) on(cpu int) command { c.cpu = cpu; return c }
func (c command) name() string       { return filepath.Base(c.path) }

// run runs a process to its end, which must be a good one.
func (b *bench) run(c command) (usage, error) {
	if c.limit == 0 {
		c.limit = limit
	}
	ctx, cancel := context.WithTimeout(b.ctx, c.limit)
	defer cancel()
	cmd := b.command(ctx, c)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	begun := time.Now()
	if err := startOn(cmd, c.cpu); err != nil {
		return usage{}, err
	}
	err := cmd.Wait()
	took := time.Since(begun)
	if err != nil {
		return usage{}, fmt.Errorf("%s %s: %w: %s", filepath.Base(c.path), strings.Join(c.args, " "), err,
			tail(complaint.Bytes()))
	}
	return used(cmd, took), nil
}

func used(cmd *exec.Cmd, took time.Duration) usage {
	u := usage{wall: took, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.rss = int64(r.Maxrss)       //nolint:unconvert // it has 32 bits on some machines
		if runtime.GOOS != "darwin" { // which counts bytes, the others KiB
			u.rss <<= 10
		}
	}
	return u
}

// server is a process that others talk to.
type server struct {
	url  string
	cmd  *exec.Cmd
	read chan struct{} // closed when its stderr has ended
	used usage         // when it has stopped
}

// serve starts a process and waits until it says on stderr where it listens. It ends by itself after the limit.
func (b *bench) serve(c command) (*server, error) {
	cmd := b.command(b.ctx, c)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	// Held open and never written to: our own servers end when it closes, so also when the runner is killed.
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := startOn(cmd, c.cpu); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, read: make(chan struct{})}
	lines := bufio.NewScanner(stderr)
	var said []string
	for s.url == "" && lines.Scan() {
		said = append(said, lines.Text())
		_, s.url, _ = strings.Cut(lines.Text(), "listening on ")
	}
	go func() {
		defer close(s.read)
		_, _ = io.Copy(io.Discard, stderr)
	}()
	if s.url == "" {
		_ = s.stop() // what it said tells more
		return nil, fmt.Errorf("%s does not listen: %s", filepath.Base(c.path), strings.Join(said, "; "))
	}
	return s, nil
}

// start starts a process that runs until it is killed, or ends by itself.
func (b *bench) start(c command) (*server, error) {
	s := &server{cmd: b.command(b.ctx, c), read: make(chan struct{})}
	close(s.read)
	return s, startOn(s.cmd, c.cpu)
}

// serveAt starts a process that says nothing when it listens, and waits until it does.
func (b *bench) serveAt(c command, address string) (*server, error) {
	s, err := b.start(c)
	if err != nil {
		return nil, err
	}
	s.url = "http://" + address
	for range 500 {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			return s, conn.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.kill()
	return nil, fmt.Errorf("%s does not listen on %s", filepath.Base(c.path), address)
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// stop ends the server as ^C does.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(os.Interrupt) // it may have ended, which Wait tells
	kill := time.AfterFunc(20*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	<-s.read
	err := s.cmd.Wait()
	s.used = used(s.cmd, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(s.cmd.Path), err)
	}
	return nil
}

// kill ends a server that is not ours to be judged by how it ends.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // says that it was killed
	s.used = used(s.cmd, 0)
}

// closeServer is stop for a defer, joined to the error there is.
func closeServer(s *server, err *error) {
	*err = errors.Join(*err, s.stop())
}

func tail(b []byte) string {
	b = bytes.TrimSpace(b)
	return string(b[max(0, len(b)-500):])
}
