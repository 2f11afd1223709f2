package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/barbhq/barb/store/postgres/pgtest"
)

// withServer stops the PostgreSQL server that the tests share.
type withServer struct{ *testing.M }

func (w withServer) Run() int { return pgtest.Main(w.M) }

// Every command works the same over a history in PostgreSQL: the scripts pass with another BARB_DB.
func TestScriptsOnPostgreSQL(t *testing.T) {
	pgtest.Shared(t)
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if name == "usage" { // what a shell completes is looked for 300 ms long, and this server is busy
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := pgtest.Database(t)
			params := scripts("server")
			params.Files = []string{file}
			params.Setup = func(env *testscript.Env) error {
				err := setup(env)
				env.Setenv("BARB_DB", address)
				env.Setenv("HISTORY", address)
				env.Setenv("WITH_PASSWORD", strings.Replace(address, "barb@", "barb:hunter2@", 1))
				return err
			}
			testscript.Run(t, params)
		})
	}
}
