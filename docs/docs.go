// Package docs holds the pages of the documentation that a coding agent may read.
package docs

import "embed"

// Pages are the pages by their file names.
//
//go:embed agents.md ci.md configuration.md events.md files.md history.md listen.md probe.md queue.md replay.md
//go:embed schemes.md send.md signatures.md
var Pages embed.FS
