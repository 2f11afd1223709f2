// Package address reads the address of a PostgreSQL server.
package address

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/barbhq/barb/store/postgres/watch"
)

// Name returns an address without its password: what a person may see, and may use again where ~/.pgpass has the
// password. An address that hides where its password ends is refused, and nothing of it is in the error.
func Name(address string) (string, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || scheme != "postgres" && scheme != "postgresql" {
		return "", errors.New("address of a PostgreSQL server does not begin with postgres:// in lower case")
	}
	place, query, asked := strings.Cut(rest, "?")
	authority := place
	if i := strings.IndexByte(place, '/'); i >= 0 {
		authority = place[:i]
	}
	if strings.Count(rest, "@") > 1 || strings.Contains(rest, "@") && !strings.Contains(authority, "@") ||
		strings.Contains(rest, "#") {
		return "", errors.New("address of a PostgreSQL server has a @, /, ? or # in its password or behind its host: " +
			"write %40, %2F, %3F or %23")
	}
	if user, host, ok := strings.Cut(place, "@"); ok {
		if user, _, _ = strings.Cut(user, ":"); user != "" {
			user += "@"
		}
		place = user + host
	}
	if query = withoutSecrets(query); asked && query != "" {
		place += "?" + query
	}
	return scheme + "://" + place, nil
}

// withoutSecrets leaves the passwords out of the settings of an address.
func withoutSecrets(query string) string {
	var kept []string
	for setting := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(setting, "=")
		if plain, err := url.QueryUnescape(key); err == nil && plain != "password" && plain != "sslpassword" {
			kept = append(kept, setting)
		}
	}
	return strings.Join(kept, "&")
}

// Warned is under what a connection notes that the server warned of its last commit.
const Warned = "barb: warned"

// Config reads an address, and what PGHOST and its like, ~/.pgpass and the service file add to it. Nothing of a
// session is relied on, so that a pool of connections such as PgBouncer may lie between: no statement is prepared
// under a name, and each is planned for its own arguments. Package prepared names some where nothing lies between.
func Config(address string, patience time.Duration) (*pgxpool.Config, error) {
	c, err := pgxpool.ParseConfig(address)
	if err != nil {
		text := err.Error()
		if i := strings.LastIndex(text, "`: "); i >= 0 {
			text = text[i+len("`: "):]
		}
		return nil, fmt.Errorf("address of a PostgreSQL server is not understood: %s", withoutPassword(text, address))
	}
	conn := c.ConnConfig
	conn.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = patience
	}
	conn.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		if n.Code == "01000" { // the wait for a standby was cut off: see commit.go
			c.CustomData()[Warned] = true
		}
	}
	watch.Over(&conn.Config)
	// A cancelled statement ends on the server too: it may hold locks.
	conn.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &canceller{conn: c}
	}
	return c, nil
}

// withoutPassword takes the password of an address out of a text.
func withoutPassword(text, address string) string {
	_, rest, _ := strings.Cut(address, "://")
	user, _, _ := strings.Cut(rest, "@")
	if _, password, ok := strings.Cut(user, ":"); ok && password != "" {
		text = strings.ReplaceAll(text, password, "xxxxx")
		if plain, err := url.PathUnescape(password); err == nil {
			text = strings.ReplaceAll(text, plain, "xxxxx")
		}
	}
	return text
}
