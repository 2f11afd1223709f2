// Command gendocs writes the completion scripts, the man pages and docs/reference from the command tree, and the page
// of the providers from their rows; `go generate ./...` runs it. With -picture it turns terminal output on stdin into
// an SVG on stdout.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/barbhq/barb/commands"
	"github.com/barbhq/barb/commands/complete"
	"github.com/barbhq/barb/commands/ui"
)

// date is fixed, so that the pages change only with the commands.
var date = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs REPOSITORY | gendocs -picture")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gendocs:", err)
		os.Exit(1)
	}
}

func run(arg string) error {
	if arg == "-picture" {
		return picture(os.Stdin, os.Stdout)
	}
	return generate(arg)
}

func generate(root string) error {
	cmd := commands.Root("")
	cmd.DisableAutoGenTag = true
	if err := completions(cmd, filepath.Join(root, "completions")); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(root, "docs"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "docs", "providers.md"), []byte(ui.ProvidersPage()), 0o644); err != nil {
		return err
	}
	if err := reference(cmd, filepath.Join(root, "docs", "reference")); err != nil {
		return err
	}
	return manPages(cmd, filepath.Join(root, "docs", "man"))
}

func completions(cmd *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, shell := range map[string]string{"barb.bash": "bash", "_barb": "zsh", "barb.fish": "fish",
		"barb.ps1": "powershell"} {
		var script bytes.Buffer
		if _, err := complete.Script(cmd, shell, &script); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), script.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}
