//go:build !unix

package config

import (
	"io/fs"
	"os"
)

// openFound opens a file that was found by searching.
func openFound(path string) (*os.File, error) { return os.Open(path) }

// weaknessOf knows nothing of owners here: who may write a file is not in its mode.
func weaknessOf(string, fs.FileInfo) error { return nil }
