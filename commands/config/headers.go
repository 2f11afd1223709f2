package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/barbhq/barb/commands/flags"
)

const headersExample = ` = ["X-Env: dev", "Authorization: Bearer env:TOKEN"]`

// headerLines reads headers that barb sends to apps: one "Name: value", a list of them, or a table of names and values.
// A value may be a reference to a secret. The error quotes no value, which may be a secret itself.
func headerLines(value any) (lines []string, err error) {
	if table, isTable := value.(map[string]any); isTable {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			text, isText := table[name].(string)
			if !isText {
				return nil, fmt.Errorf("the value of %s is not text", name)
			}
			lines = append(lines, name+": "+text)
		}
	} else {
		for _, item := range listOf(value) {
			line, isText := item.(string)
			if !isText {
				return nil, errors.New("it is not text")
			}
			lines = append(lines, line)
		}
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "@") {
			return nil, errors.New("@FILE is for the command line; name the secret with file:PATH")
		}
		if _, err := flags.OwnHeader(line); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

// HeaderSecrets returns the references to secrets in the headers that routes and [listen] send to apps.
func (c *File) HeaderSecrets() (refs []string) {
	add := func(lines []string) {
		for _, line := range lines {
			if field, err := flags.OwnHeader(line); err == nil {
				if _, ref := flags.SecretIn(field.Value); ref != "" {
					refs = append(refs, ref)
				}
			}
		}
	}
	for i := range c.Routes {
		add(c.Routes[i].Way.Headers)
	}
	add(strings.Split(c.Values["listen.forward_header"], "\n"))
	return refs
}

// headers looks at the headers that apps get. What they refer to leaves this process, so it is asked about.
func (w *wishes) headers(lines []string) {
	for _, line := range lines {
		field, err := flags.OwnHeader(line)
		if err != nil {
			continue // it was refused when the file was read
		}
		_, ref := flags.SecretIn(field.Value)
		switch kind, rest, _ := strings.Cut(ref, ":"); kind {
		case "":
		case "cmd":
			w.add("run a command", rest, "")
		case "file":
			w.add("send a file of yours to its apps as header "+field.Name, ref, placeOf(w.cwd, rest))
		default:
			w.add("send a secret of yours to its apps as header "+field.Name, ref, "")
		}
	}
}
