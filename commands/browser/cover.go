package browser

import (
	"html"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
)

// MayShow reports whether an address that lets its first user in may stand in the arguments of a program. On macOS and
// the BSDs every user reads those of all processes. On Linux they do, too, but the page refuses other users there.
func MayShow() bool { return runtime.GOOS == "linux" || runtime.GOOS == "windows" }

// Cover writes a page into a folder of this user that leads on to an address, and returns the address of the page.
func Cover(folder, address string) (string, error) {
	file := filepath.Join(folder, "barb.html")
	text := `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>barb</title>` +
		`<meta http-equiv="refresh" content="0;url=` + html.EscapeString(address) + "\">\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", err
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String(), nil
}
