// Command go lets the providers' own Go SDKs judge webhooks. It reads one request a line from stdin and answers one a
// line on stdout, in JSON; the conformance tests start it once for all requests.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// maxLine is the longest request in bytes; the tests' bodies are a few kilobytes.
const maxLine = 1 << 20

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "go sdks:", err)
		os.Exit(1)
	}
}

func serve() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, maxLine)
	out := json.NewEncoder(os.Stdout)
	rows := adapters()
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return err
		}
		if err := out.Encode(reply(rows, &r)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func reply(rows []adapter, r *request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{ID: r.ID, Fault: fmt.Sprint("panic: ", p)}
		}
	}()
	if r.Op == "list" {
		return list(r.ID, rows)
	}
	row, ok := find(rows, r)
	switch {
	case !ok:
		return answer{ID: r.ID, Fault: "no adapter for " + r.Provider + " with " + r.SDK}
	case len(r.Secrets) == 0:
		return answer{ID: r.ID, Fault: "no secret"}
	case r.Op == "verify" && row.verify != nil:
		return judge(r.ID, row.verify(r))
	case r.Op == "sign" && row.sign != nil:
		return signed(r, row)
	}
	return answer{ID: r.ID, Fault: row.sdk + " has no " + r.Op + " for " + r.Provider}
}

// judge distinguishes an SDK's refusal from other errors.
func judge(id int64, err error) answer {
	var no refusal
	switch {
	case err == nil:
		return answer{ID: id, Verdict: "valid"}
	case errors.As(err, &no):
		return answer{ID: id, Verdict: "invalid", Error: no.Error()}
	}
	return answer{ID: id, Fault: err.Error()}
}

func signed(r *request, row adapter) answer {
	fields, err := row.sign(r)
	if err != nil {
		return answer{ID: r.ID, Fault: err.Error()}
	}
	return answer{ID: r.ID, Headers: fields}
}

func list(id int64, rows []adapter) answer {
	versions := pinned()
	a := answer{ID: id}
	for _, row := range rows {
		version, ok := versions[row.sdk]
		if !ok {
			return answer{ID: id, Fault: row.sdk + " is not a module of this program"}
		}
		a.Adapters = append(a.Adapters, description{
			Provider: row.provider, SDK: row.sdk, Version: version, Function: row.function,
			Verify: row.verify != nil, Sign: row.sign != nil, OneSecret: true, Clock: row.clock,
		})
	}
	return a
}

// pinned returns the versions of the program's modules.
func pinned() map[string]string {
	versions := map[string]string{}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			versions[m.Path] = m.Version
		}
	}
	return versions
}
