package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
)

// pooled names the variable with which the tests reach their servers through PgBouncer in transaction mode.
const pooled = "BARB_PGBOUNCER"

// ErrNoPooler says that there is no PgBouncer on this machine.
var ErrNoPooler = errors.New("there is no PgBouncer here (neither on the PATH nor in /usr/sbin)")

// pooler is a PgBouncer before a server. It refuses startup parameters that it does not know, and hands out another
// connection for each transaction.
type pooler struct {
	port    int
	process *process
}

// settingsOfPooler are those of a file pgbouncer.ini, for the ports of the server and of the pooler, and their folder.
const settingsOfPooler = `[databases]
* = host=127.0.0.1 port=%d user=` + superuser + `
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
logfile = %s
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 10
server_login_retry = 1
`

// startPooler starts a PgBouncer on a port of its own.
func (c *Cluster) startPooler() error {
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program = "/usr/sbin/pgbouncer"; !isThere(program) {
			return ErrNoPooler
		}
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	settings := filepath.Join(c.Dir, "pgbouncer.ini")
	text := fmt.Sprintf(settingsOfPooler, c.Port, port, filepath.Join(c.Dir, "pgbouncer.log"))
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil { //nolint:gosec // another user's process reads it
		return err
	}
	cmd := exec.Command(program, "-q", settings)
	cmd.Dir = c.Dir
	if err := asUser(cmd); err != nil {
		return err
	}
	started, err := run(cmd)
	if err != nil {
		return err
	}
	c.pooler = &pooler{port: port, process: started}
	return c.awaitPooler()
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// awaitPooler returns once the pooler takes connections.
func (c *Cluster) awaitPooler() error {
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, addressAt(c.pooler.port, "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.pooler.process.ended:
			text, _ := os.ReadFile(filepath.Join(c.Dir, "pgbouncer.log")) // the reason, where it can be read
			return fmt.Errorf("PgBouncer ended: %s", text)
		case <-ctx.Done():
			return fmt.Errorf("PgBouncer does not take connections: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Pooled is the address of a database through PgBouncer where that runs, else of the server.
func (c *Cluster) Pooled(database string) string {
	if c.pooler == nil {
		return c.Address(database)
	}
	return addressAt(c.pooler.port, database)
}

// addressAt is the address of a database on a port.
func addressAt(port int, database string) string {
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", superuser,
		net.JoinHostPort("127.0.0.1", fmt.Sprint(port)), database)
}
