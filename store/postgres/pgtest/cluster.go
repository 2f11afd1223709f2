package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that there is no PostgreSQL on this machine.
var ErrMissing = errors.New("there is no PostgreSQL here (neither in BARB_PG_BIN nor on the PATH nor in /usr/lib)")

// superuser owns a cluster and has no password.
const superuser = "barb"

// startPatience is how long a loaded machine may take to start a server.
const startPatience = 2 * time.Minute

// Cluster is a running server with data of its own, which it syncs to the disk as in earnest. It listens on a port of
// the loopback interface and on a socket in its folder.
type Cluster struct {
	Dir  string // with the folder data, the socket and the log
	Port int

	bin      string
	settings []string
	process  *process
	pooler   *pooler // nil: none was asked for
}

// Start makes a cluster and starts it. Settings are those of postgresql.conf, NAME=VALUE. The caller stops it. With
// BARB_PGBOUNCER=1 a PgBouncer runs before it.
func Start(settings ...string) (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "barbpg") // short: the path of a socket has at most 107 bytes
	if err != nil {
		return nil, err
	}
	c := &Cluster{Dir: dir, bin: bin, settings: settings}
	if err := c.make(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.start(); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	if os.Getenv(pooled) == "1" {
		if err := c.startPooler(); err != nil {
			return nil, errors.Join(err, c.Stop())
		}
	}
	return c, nil
}

// binaries finds the folder with initdb and postgres.
func binaries() (string, error) {
	if dir := os.Getenv("BARB_PG_BIN"); dir != "" {
		return dir, nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return "", err
		}
		return filepath.Dir(path), nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", ErrMissing
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

func (c *Cluster) make() error {
	if err := give(c.Dir); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(c.bin, "initdb"), "-D", c.data(), "-U", superuser, "-A", "trust", "-E", "UTF8",
		"--locale=C", "--no-sync", "--no-instructions")
	if err := asUser(cmd); err != nil {
		return err
	}
	cmd.Dir = c.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

func (c *Cluster) data() string { return filepath.Join(c.Dir, "data") }

// start starts the server on a port that is free, and on the same one after a restart.
func (c *Cluster) start() error {
	for tries := 0; ; tries++ {
		if c.Port == 0 {
			port, err := freePort()
			if err != nil {
				return err
			}
			c.Port = port
		}
		err := c.startOnce()
		if err == nil || tries == 3 {
			return err
		}
		if tries == 0 && c.isMade() {
			continue // the port of before may be held for a moment
		}
		c.Port = 0
	}
}

// isMade reports whether the server has run before: then others know its port.
func (c *Cluster) isMade() bool { return c.process != nil }

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

func (c *Cluster) startOnce() error {
	args := []string{"-D", c.data(), "-p", fmt.Sprint(c.Port), "-k", c.Dir}
	for _, s := range append([]string{"listen_addresses=127.0.0.1", "shared_buffers=32MB", "max_wal_size=256MB"},
		c.settings...) {
		args = append(args, "-c", s)
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), args...)
	cmd.Dir = c.Dir
	log, err := os.OpenFile(filepath.Join(c.Dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := asUser(cmd); err != nil {
		return err
	}
	if c.process, err = run(cmd); err != nil {
		return err
	}
	return c.awaitReady()
}

// awaitReady returns once the server takes connections.
func (c *Cluster) awaitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.Address("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.process.ended:
			text, _ := os.ReadFile(filepath.Join(c.Dir, "log")) // the reason, where it can be read
			return fmt.Errorf("the server ended: %s", bytes.TrimSpace(text))
		case <-ctx.Done():
			return fmt.Errorf("the server does not take connections: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Address is the address of a database over TCP.
func (c *Cluster) Address(database string) string { return addressAt(c.Port, database) }

// Restart stops the server at once, as a crash does, and starts it again on the same port, with some settings besides
// its own.
func (c *Cluster) Restart(settings ...string) error {
	if err := c.process.stop(crash); err != nil {
		return err
	}
	own := c.settings
	c.settings = slices.Concat(own, settings)
	defer func() { c.settings = own }()
	return c.start()
}

// Set changes a setting of the running server that can be changed, such as synchronous_standby_names.
func (c *Cluster) Set(t testing.TB, name, value string) {
	t.Helper()
	for _, do := range []string{"ALTER SYSTEM SET " + name + " = '" + value + "'", "SELECT pg_reload_conf()"} {
		if err := c.exec(t.Context(), do); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *Cluster) isRunning() bool {
	select {
	case <-c.process.ended:
		return false
	default:
		return true
	}
}

// Stop stops the server, with everything that it has started, and removes its data.
func (c *Cluster) Stop() error {
	var errs []error
	if c.pooler != nil {
		errs = append(errs, c.pooler.process.stop(crash))
	}
	if c.process != nil {
		errs = append(errs, c.process.stop(fast))
	}
	return errors.Join(append(errs, os.RemoveAll(c.Dir))...)
}
