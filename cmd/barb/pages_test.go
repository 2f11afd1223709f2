package main

import (
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/barbhq/barb/commands/help"
	"github.com/barbhq/barb/commands/keys"
)

// The picture has the last part of a package's path, the table of the rooms the whole.
func TestThePageOfTheArchitectureNamesEveryPackage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	_, rooms, _ := strings.Cut(page, "\n## The rooms\n")
	rooms, _, _ = strings.Cut(rooms, "\n## ")
	_, picture, _ := strings.Cut(page, "```\n")
	picture, _, _ = strings.Cut(picture, "```")
	drawn := strings.Fields(picture)
	for _, pkg := range slices.Sorted(maps.Keys(layout)) {
		if !strings.Contains(rooms, "| `"+pkg+"` | ") {
			t.Errorf("docs/architecture.md has no line for %s", pkg)
		}
		if !slices.Contains(drawn, pkg) && !slices.Contains(drawn, path.Base(pkg)) {
			t.Errorf("the picture in docs/architecture.md leaves out %s", pkg)
		}
	}
	for _, line := range strings.Split(rooms, "\n") {
		if pkg, ok := strings.CutPrefix(line, "| `"); ok {
			pkg, _, _ = strings.Cut(pkg, "`")
			if _, ok := layout[pkg]; !ok {
				t.Errorf("docs/architecture.md has a line for %s, which is not there", pkg)
			}
		}
	}
}

// The pages of listen and of the terminal view have the same tables of keys as the key ? prints.
func TestThePagesOfViewsHaveEveryKey(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		page string
		view keys.View
	}{{"listen", keys.Listen}, {"tui", keys.Terminal}, {"tui", keys.InQueue}} {
		data, err := os.ReadFile("../../docs/" + one.page + ".md")
		if err != nil {
			t.Fatal(err)
		}
		table := "| key | what it does |\n|---|---|\n"
		for _, r := range keys.In(one.view) {
			symbols := make([]string, len(r.Keys))
			for i, key := range r.Keys {
				symbols[i] = "`" + keys.Symbol(key) + "`"
			}
			table += "| " + strings.Join(symbols, ", ") + " | " + r.Does + " |\n"
		}
		if !strings.Contains(string(data), table) {
			t.Errorf("docs/%s.md does not have this table:\n%s", one.page, table)
		}
	}
}

// barb help routes and docs/configuration.md have the same example of a route and list the same keys.
func TestThePageOfTheConfigurationAgreesWithTheTopicRoutes(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(data), "\n## Routes\n")
	page, _, _ = strings.Cut(page, "\n## ")
	_, topic := help.Layout{}.Topic("routes")

	_, example, _ := strings.Cut(topic, "  [[route]]\n")
	example, keys, _ := strings.Cut(example, "\n\n")
	example = "```toml\n[[route]]\n" + strings.ReplaceAll("\n"+example, "\n  ", "\n")[1:] + "\n```\n"
	if !strings.Contains(page, example) {
		t.Errorf("the section Routes does not have this example:\n%s", example)
	}

	_, keys, _ = strings.Cut(keys, "\nEvery key may be left out:\n")
	keys, _, _ = strings.Cut(keys, "\nA route has no key")
	var inTopic, onPage []string
	for _, row := range regexp.MustCompile(`(?m)^  ([a-z_]+(?:, [a-z_]+)*)(?:  |$)`).FindAllStringSubmatch(keys, -1) {
		inTopic = append(inTopic, strings.Split(row[1], ", ")...)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?`) \\|").FindAllStringSubmatch(page, -1) {
		onPage = append(onPage, strings.Split(strings.ReplaceAll(row[1], "`", ""), ", ")...)
	}
	if len(inTopic) < 15 || !slices.Equal(inTopic, onPage) {
		t.Errorf("barb help routes lists %q, docs/configuration.md %q", inTopic, onPage)
	}
}
