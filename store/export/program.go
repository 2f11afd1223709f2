package export

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/barbhq/barb/store/record"
)

// sent are the header fields that a program sets: those that its library makes itself are left out.
func sent(r *record.Request) (all record.Header) {
	for _, f := range r.Header {
		switch strings.ToLower(f.Name) {
		case "content-length", "transfer-encoding", "connection", "expect", "host", "accept-encoding", "keep-alive", "te",
			"trailer", "upgrade", "proxy-connection":
		default:
			all = append(all, f)
		}
	}
	return all
}

// quoted is a text as a string of JavaScript and of Python: JSON in ASCII.
func quoted(s string) string {
	text, _ := json.Marshal(s) // strings have no error
	return ascii(string(text))
}

// ascii escapes what is not ASCII as JSON does, so that no mark that turns text around is in a program.
func ascii(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			b.WriteString(`\u` + strconv.FormatInt(int64(0xd800+r>>10), 16) + `\u` +
				strconv.FormatInt(int64(0xdc00+r&0x3ff), 16))
		default:
			hex := strconv.FormatInt(int64(r), 16)
			b.WriteString(`\u` + strings.Repeat("0", 4-len(hex)) + hex)
		}
	}
	return b.String()
}

// latin1 is a header value as JavaScript takes it: a character for each byte.
func latin1(s string) string {
	all := make([]rune, len(s))
	for i := range len(s) {
		all[i] = rune(s[i])
	}
	return string(all)
}

// Fetch returns a JavaScript module that sends the request again with fetch. It runs in Node.js 18 and later, and in
// the console of a browser as far as that lets scripts set headers.
func Fetch(r *record.Request) string {
	var b strings.Builder
	b.WriteString("const headers = new Headers();\n")
	for _, f := range sent(r) {
		b.WriteString("headers.append(" + quoted(f.Name) + ", " + quoted(latin1(f.Value)) + ");\n")
	}
	b.WriteString("const response = await fetch(" + quoted(r.URL) + ", {\n  method: " + quoted(r.Method) +
		",\n  headers,\n")
	switch {
	case len(r.Body) == 0:
	case isText(string(r.Body)):
		b.WriteString("  body: new TextEncoder().encode(" + quoted(string(r.Body)) + "),\n")
	default:
		b.WriteString("  body: Uint8Array.from(atob(" + quoted(base64.StdEncoding.EncodeToString(r.Body)) +
			"), (c) => c.charCodeAt(0)),\n")
	}
	b.WriteString("  redirect: \"manual\",\n});\nconsole.log(response.status, await response.text());\n")
	return b.String()
}

// Go returns a Go program that sends the request again.
func Go(r *record.Request) string {
	var b strings.Builder
	b.WriteString("package main\n\n" +
		"import (\n\t\"fmt\"\n\t\"io\"\n\t\"log\"\n\t\"net/http\"\n\t\"strings\"\n)\n\nfunc main() {\n")
	b.WriteString("\tbody := strings.NewReader(" + strconv.QuoteToASCII(string(r.Body)) + ")\n")
	b.WriteString("\trequest, err := http.NewRequest(" + strconv.QuoteToASCII(r.Method) + ", " +
		strconv.QuoteToASCII(r.URL) + ", body)\n\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n")
	b.WriteString("\trequest.Header = http.Header{\n")
	var names []string
	values := map[string][]string{}
	for _, f := range sent(r) {
		if values[f.Name] == nil {
			names = append(names, f.Name)
		}
		values[f.Name] = append(values[f.Name], strconv.QuoteToASCII(f.Value))
	}
	for _, name := range names {
		b.WriteString("\t\t" + strconv.QuoteToASCII(name) + ": {" + strings.Join(values[name], ", ") + "},\n")
	}
	b.WriteString("\t}\n" +
		"\tresponse, err := http.DefaultTransport.RoundTrip(request)\n\tif err != nil {\n\t\tlog.Fatal(err)\n" +
		"\t}\n\tdefer response.Body.Close()\n\tanswer, err := io.ReadAll(response.Body)\n" +
		"\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n" +
		"\tfmt.Println(response.Status, string(answer))\n}\n")
	return b.String()
}

// Python returns a program for Python 3 that sends the request again. It needs no packages.
func Python(r *record.Request) string {
	var b strings.Builder
	b.WriteString("import http.client\nimport urllib.parse\n\n" +
		"url = urllib.parse.urlsplit(" + quoted(r.URL) + ")\n")
	b.WriteString("body = b\"" + bytesOf(r.Body) + "\"\n")
	b.WriteString("connect = http.client.HTTPSConnection if url.scheme == \"https\" else http.client.HTTPConnection\n" +
		"connection = connect(url.hostname, url.port, timeout=30)\n" +
		"path = (url.path or \"/\") + (\"?\" + url.query if url.query else \"\")\n")
	b.WriteString("connection.putrequest(" + quoted(r.Method) + ", path, skip_accept_encoding=True)\n")
	for _, f := range sent(r) {
		b.WriteString("connection.putheader(" + quoted(f.Name) + ", b\"" + bytesOf([]byte(f.Value)) + "\")\n")
	}
	b.WriteString("connection.putheader(\"Content-Length\", str(len(body)))\nconnection.endheaders(body)\n" +
		"response = connection.getresponse()\nprint(response.status, response.read().decode(errors=\"replace\"))\n")
	return b.String()
}

// bytesOf is the inside of a bytes literal of Python.
func bytesOf(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteString(`\x` + strconv.FormatInt(int64(c>>4), 16) + strconv.FormatInt(int64(c&15), 16))
		}
	}
	return b.String()
}
