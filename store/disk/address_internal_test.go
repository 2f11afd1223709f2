package disk

import (
	"net/url"
	"testing"
)

func TestAPathIsTheSameInTheURLThatSQLiteOpens(t *testing.T) {
	for path, want := range map[string]string{
		"/home/ann/history.db":              "file:///home/ann/history.db",
		"C:/Users/ann/history.db":           "file:///C:/Users/ann/history.db",
		"c:/h.db":                           "file:///c:/h.db",
		"D:/100% of #1?/a b&mode=ro.db":     "file:///D:/100%25%20of%20%231%3F/a%20b&mode=ro.db",
		"C:/Users/J\u00fcrgen/h.db":         "file:///C:/Users/J%C3%BCrgen/h.db",
		"//server/share/history.db":         "file:////server/share/history.db",
		"//?/C:/long/history.db":            "file:////%3F/C:/long/history.db",
		"/tmp/C:/it is not a drive.db":      "file:///tmp/C:/it%20is%20not%20a%20drive.db",
		"/tmp/back\\slash; and %41 stay.db": "file:///tmp/back%5Cslash;%20and%20%2541%20stay.db",
	} {
		got := fileURL(path)
		u, err := url.Parse(got)
		switch {
		case got != want:
			t.Errorf("%s: %s, want %s", path, got, want)
		case err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" || u.Path != path && u.Path != "/"+path:
			t.Errorf("%s: SQLite reads %q of machine %q, %v", path, u.Path, u.Host, err)
		}
	}
}
