// Package help holds what barb says about its commands. The texts are files: pages/send.txt is the page of barb send,
// topics/secrets.txt is what barb help secrets prints. The package lays them out for a terminal; it knows no flag by
// itself and prints nothing.
package help

import (
	"embed"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

//go:embed pages topics
var files embed.FS

// page is the file of a command. Its parts are:
//
//	Short sentence for lists of commands
//
//	What the command does, in two lines.
//
//	Details, which the short help leaves out.
//
//	## Examples
//	  barb send …
//
//	## More examples
//	  barb send …
//
//	## Flags
//	Payload: data event
//
//	## More flags
//	Payload: template
//
//	## Other names
//	post trigger
type page struct {
	short, what, details string
	examples, more       string
	flags, moreFlags     []group // of the short help, and what the whole help adds
	otherNames           []string
}

// group is flags that belong together.
type group struct {
	title string
	flags []string
}

// pageOf returns the page of a command; ok is false when it has none.
func pageOf(cmd *cobra.Command) (p page, ok bool) {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	if path == "" {
		path = cmd.Name()
	}
	text, err := files.ReadFile("pages/" + strings.ReplaceAll(path, " ", "-") + ".txt")
	if err != nil {
		return p, false
	}
	return parse(string(text)), true
}

func parse(text string) (p page) {
	parts := strings.Split("\n"+text, "\n## ")
	p.short, text, _ = strings.Cut(strings.TrimSpace(parts[0]), "\n\n")
	p.what, p.details, _ = strings.Cut(text, "\n\n")
	for _, part := range parts[1:] {
		title, body, _ := strings.Cut(part, "\n")
		body = strings.Trim(body, "\n")
		switch title {
		case "Examples":
			p.examples = body
		case "More examples":
			p.more = body
		case "Flags":
			p.flags = parseGroups(body)
		case "More flags":
			p.moreFlags = parseGroups(body)
		case "Other names":
			p.otherNames = strings.Fields(body)
		}
	}
	return p
}

func parseGroups(text string) (groups []group) {
	for line := range strings.Lines(text) {
		title, flags, _ := strings.Cut(line, ":")
		groups = append(groups, group{title, strings.Fields(flags)})
	}
	return groups
}

// Fill gives a command and those below it the texts of their pages, whole: man pages and completions have them all.
func Fill(cmd *cobra.Command) {
	if p, ok := pageOf(cmd); ok {
		cmd.Short, cmd.SuggestFor = p.short, p.otherNames
		cmd.Long = strings.Trim(p.what+"\n\n"+p.details, "\n")
		cmd.Example = strings.Trim(p.examples+"\n"+p.more, "\n")
	}
	for _, sub := range cmd.Commands() {
		Fill(sub)
	}
}

// ExitCodes is the table of exit codes.
const ExitCodes = `
Exit codes:
  0    done; for listen, stopped by a signal
  1    the check failed: signature invalid, not delivered, an expectation failed
  2    the command line or the configuration is wrong
  3    no answer on every attempt: DNS, refused, reset, TLS, timed out
  4    waited for something that did not come in time
  5    something local failed: the history, a file, stdout, a taken port
  6    not supported here: unknown scheme, a scheme that can only be verified
  130  interrupted
`

// Topics returns the names of the topics in alphabetical order.
func Topics() (names []string) {
	entries, err := files.ReadDir("topics")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".txt"))
	}
	return names
}

// Topic returns the title and the text of a topic, "" for an unknown name.
func (l Layout) Topic(name string) (title, text string) {
	if !slices.Contains(Topics(), name) {
		return "", ""
	}
	data, err := files.ReadFile("topics/" + name + ".txt")
	if err != nil {
		panic(err) // it was listed
	}
	title, text, _ = strings.Cut(string(data), "\n")
	if name == "exit-codes" {
		text = ExitCodes + text
	}
	return title, l.flow(text) + "\n"
}
