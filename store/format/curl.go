package format

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/barbhq/barb/store/export"
	"github.com/barbhq/barb/store/record"
)

// CurlWriter writes curl commands for a POSIX shell.
type CurlWriter struct {
	w     io.Writer
	count int
}

// NewCurl returns a writer of curl commands.
func NewCurl(w io.Writer) *CurlWriter { return &CurlWriter{w: w} }

// Write writes a command, and returns what it does not keep of an exchange.
func (c *CurlWriter) Write(x *record.Exchange) ([]Loss, error) {
	lost := framingLoss(&x.Request)
	if x.Response != nil || x.Err != nil {
		lost = append(lost, Loss{Answer, "a command has no answer"})
	}
	lost = append(lost, Loss{Time, "a command has no time"})
	if !utf8.ValidString(x.Request.URL) {
		lost = append(lost, Loss{URL, "curl may escape bytes of the URL"})
	}
	before := ""
	if c.count++; c.count > 1 {
		before = "\n"
	}
	_, err := io.WriteString(c.w, before+export.Curl(&x.Request)+"\n")
	return lost, err
}

// Close does nothing: the commands have no end.
func (c *CurlWriter) Close() error { return nil }

// ReadCurl reads curl commands, as the documentation of services and a browser's "copy as cURL" have them. Nothing is
// run and no file is read.
func ReadCurl(r io.Reader, o Options) iter.Seq2[Item, error] {
	return sequence(func(y *yielder) error {
		text, err := whole(r, &o)
		if err != nil {
			return err
		}
		s := &shell{text: string(text), line: 1}
		for {
			words, input, err := s.command()
			if err != nil || words == nil {
				return err
			}
			c := &curl{input: input, line: words[0].line}
			if err := c.read(words[1:]); err != nil {
				return err
			}
			for _, address := range c.urls {
				item, err := c.item(address, &o)
				if err != nil {
					return bad(c.line, "%s", err)
				}
				if !y.item(item) {
					return nil
				}
			}
		}
	})
}

// command returns the words of the next command and what is printed into it; nil at the end.
func (s *shell) command() (words []word, input *string, err error) {
	for {
		w, ok, err := s.next()
		switch {
		case err != nil:
			return nil, nil, err
		case ok && !w.isEnd && !w.isBar:
			words = append(words, w)
			continue
		case len(words) == 0 && !ok:
			return nil, nil, nil
		case len(words) == 0:
			continue
		}
		name := strings.TrimSuffix(words[0].text[strings.LastIndexByte(words[0].text, '/')+1:], ".exe")
		switch {
		case words[0].text == "$" && len(words) > 1: // a prompt that was copied too
			words = words[1:]
			if words[0].text != "curl" {
				return nil, nil, bad(words[0].line, "%q is not a curl command", clip(words[0].text))
			}
		case w.isBar && name == "printf" && len(words) == 2:
			printed, err := fromOctal(words[1].text)
			if err != nil {
				return nil, nil, bad(words[0].line, "%s", err)
			}
			input, words = &printed, nil
			continue
		case name != "curl":
			return nil, nil, bad(words[0].line, "%q is not a curl command", clip(words[0].text))
		}
		if w.isBar { // what is done with the output does not matter
			for ; ok && !w.isEnd; w, ok, err = s.next() {
				if err != nil {
					return nil, nil, err
				}
			}
		}
		return words, input, nil
	}
}

// curl is what the options of a command say.
type curl struct {
	line   int
	input  *string // what - reads
	urls   []string
	method string
	header record.Header
	unset  []string // default fields that -H 'Name:' leaves out
	data   []string
	isJSON bool
	get    bool
	head   bool
	lost   []Loss
}

// options are the options of curl that change the request, by their long names.
var options = map[string]func(c *curl, value string) error{
	"request":        func(c *curl, v string) error { c.method = v; return nil },
	"header":         (*curl).field,
	"data":           (*curl).plain,
	"data-ascii":     (*curl).plain,
	"data-raw":       func(c *curl, v string) error { c.data = append(c.data, v); return nil },
	"data-binary":    (*curl).plain,
	"data-urlencode": (*curl).encoded,
	"json":           func(c *curl, v string) error { c.isJSON = true; return c.plain(v) },
	"user":           (*curl).basic,
	"cookie":         (*curl).cookie,
	"user-agent":     func(c *curl, v string) error { return c.field("User-Agent: " + v) },
	"referer":        func(c *curl, v string) error { return c.field("Referer: " + strings.TrimSuffix(v, ";auto")) },
	"oauth2-bearer":  func(c *curl, v string) error { return c.field("Authorization: Bearer " + v) },
	"url":            func(c *curl, v string) error { c.urls = append(c.urls, v); return nil },
}

// refused are options whose request is not in the command.
var refused = map[string]string{
	"form": "-F makes a multipart body with a boundary of curl's choice", "form-string": "it makes a multipart body",
	"upload-file": "-T sends a file", "config": "-K reads options of a file", "next": "write a command for each request",
	"aws-sigv4": "it signs the request", "digest": "it asks the server first", "ntlm": "it asks the server first",
	"negotiate": "it asks the server first", "netrc": "-n reads a file",
}

// short are the letters of options.
var short = map[byte]string{'X': "request", 'H': "header", 'd': "data", 'u': "user", 'b': "cookie", 'A': "user-agent",
	'e': "referer", 'F': "form", 'T': "upload-file", 'K': "config", 'n': "netrc", 'G': "get", 'I': "head",
	'o': "output", 'm': "max-time", 'x': "proxy", 'w': "write-out", 'c': "cookie-jar", 'D': "dump-header", 'E': "cert",
	'U': "proxy-user", 'y': "speed-time", 'Y': "speed-limit", 'r': "range", 'z': "time-cond", ':': "next"}

// ignored are options with a value that do not change the request.
var ignored = []string{"output", "max-time", "connect-timeout", "proxy", "write-out", "cookie-jar", "dump-header",
	"cert", "key", "cacert", "capath", "ciphers", "retry", "retry-delay", "retry-max-time", "resolve", "connect-to",
	"interface", "limit-rate", "max-redirs", "proxy-user", "speed-time", "speed-limit", "unix-socket", "stderr", "trace",
	"trace-ascii", "tls-max", "noproxy", "dns-servers", "keepalive-time", "expect100-timeout", "cert-type", "key-type",
	"pass"}

// read reads the words after curl.
func (c *curl) read(words []word) error {
	for i := 0; i < len(words); i++ {
		text := words[i].text
		line := words[i].line
		var names []string
		var value *string
		switch {
		case text == "^" || strings.HasPrefix(text, "^"):
			return bad(line, "this is for cmd.exe; choose \"Copy as cURL (bash)\"")
		case text == "--" || text == "-":
			continue
		case strings.HasPrefix(text, "--"):
			names = []string{text[2:]}
		case strings.HasPrefix(text, "-"):
			names, value = letters(text[1:])
		default:
			c.urls = append(c.urls, text)
			continue
		}
		for _, name := range names {
			if takesValue(name) && value == nil {
				if i++; i >= len(words) {
					return bad(line, "%s has no value", clip(text))
				}
				value = &words[i].text
			}
			if err := c.option(name, value); err != nil {
				return bad(line, "%s: %s", clip(text), err)
			}
		}
	}
	if len(c.urls) == 0 {
		return bad(c.line, "the command has no URL")
	}
	return nil
}

// letters returns the options of a word such as sSXPOST, of which the last may have its value there.
func letters(word string) (names []string, value *string) {
	for i := range len(word) {
		name, known := short[word[i]]
		if !known {
			names = append(names, string(word[i]))
			continue
		}
		names = append(names, name)
		if takesValue(name) {
			if rest := word[i+1:]; rest != "" {
				value = &rest
			}
			break
		}
	}
	return names, value
}

func takesValue(name string) bool {
	return options[name] != nil || slices.Contains(ignored, name) || name == "range" || name == "time-cond"
}

func (c *curl) option(name string, value *string) error {
	if why, ok := refused[name]; ok {
		return errors.New(why + ", so that barb does not know its bytes")
	}
	switch set := options[name]; {
	case set != nil:
		return set(c, *value)
	case name == "get":
		c.get = true
	case name == "head":
		c.head = true
	case name == "compressed":
		return c.field("Accept-Encoding: deflate, gzip")
	case name == "range":
		return c.field("Range: bytes=" + *value)
	case name == "http1.0" || name == "0":
		c.lost = append(c.lost, Loss{Framing, "the version HTTP/1.0 is not kept"})
	}
	return nil // all others say how to send, not what
}

// field is -H: a field, "Name;" for an empty one, "Name:" to leave out one of curl's.
func (c *curl) field(text string) error {
	if strings.HasPrefix(text, "@") {
		return errors.New("barb does not read the file")
	}
	name, value, ok := strings.Cut(text, ":")
	if empty, isEmpty := strings.CutSuffix(text, ";"); !ok && isEmpty {
		c.header = append(c.header, record.Field{Name: empty})
		return nil
	}
	if value = strings.Trim(value, " \t\r\n"); value == "" {
		c.unset = append(c.unset, strings.ToLower(strings.TrimSpace(name)))
		return nil
	}
	c.header = append(c.header, record.Field{Name: strings.TrimSpace(name), Value: value})
	return nil
}

// plain is -d and --data-binary. A value that begins with @ is a file's name, - what is printed into the command.
func (c *curl) plain(value string) error {
	switch {
	case value == "@-" && c.input != nil:
		value = *c.input
	case strings.HasPrefix(value, "@"):
		return fmt.Errorf("%s is a file, which barb does not read; write its text there", clip(value))
	}
	c.data = append(c.data, value)
	return nil
}

// encoded is --data-urlencode: content, =content or name=content.
func (c *curl) encoded(value string) error {
	name, content, ok := strings.Cut(value, "=")
	at := strings.IndexByte(name, '@')
	switch {
	case !ok && at >= 0, ok && at >= 0:
		return fmt.Errorf("%s is a file, which barb does not read; write its text there", clip(value))
	case !ok:
		c.data = append(c.data, escape(value))
	case name == "":
		c.data = append(c.data, escape(content))
	default:
		c.data = append(c.data, name+"="+escape(content))
	}
	return nil
}

// escape is curl's: a blank is %20.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func (c *curl) basic(value string) error {
	if !strings.Contains(value, ":") {
		return errors.New("it has no password, for which curl would ask")
	}
	return c.field("Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(value)))
}

func (c *curl) cookie(value string) error {
	if !strings.Contains(value, "=") {
		return fmt.Errorf("%s is a file, which barb does not read", clip(value))
	}
	return c.field("Cookie: " + value)
}

// item returns the request to one of the command's URLs.
func (c *curl) item(address string, o *Options) (Item, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	r := record.Request{Method: c.method, Proto: "HTTP/1.1", Header: slices.Clone(c.header)}
	r.URL, _, _ = strings.Cut(address, "#")
	separator := "&"
	if c.isJSON {
		separator = ""
	}
	body := strings.Join(c.data, separator)
	method := "GET"
	switch {
	case c.head:
		method = "HEAD"
	case c.get && len(c.data) > 0:
		join := "?"
		if strings.Contains(r.URL, "?") {
			join = "&"
		}
		r.URL += join + body
	case len(c.data) > 0:
		method, r.Body = "POST", []byte(body)
	}
	if r.Method == "" {
		r.Method = method
	}
	if before, user, ok := strings.Cut(record.Origin(r.URL), "@"); ok {
		scheme, credentials, _ := strings.Cut(before, "://")
		r.URL = scheme + "://" + user + strings.TrimPrefix(r.URL, record.Origin(r.URL))
		plain, err := url.PathUnescape(credentials)
		if err != nil {
			return Item{}, err
		}
		c.add(&r, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(plain)))
	}
	if c.isJSON {
		c.add(&r, "Content-Type", "application/json")
		c.add(&r, "Accept", "application/json")
	} else if len(r.Body) > 0 {
		c.add(&r, "Content-Type", "application/x-www-form-urlencoded")
	}
	if len(r.Body) > o.maxMessage() {
		return Item{}, fmt.Errorf("the body is longer than %d bytes", o.maxMessage())
	}
	if err := check(&r); err != nil {
		return Item{}, err
	}
	complete(&r)
	lost := append(slices.Clone(c.lost), Loss{Time, "a command has no time"})
	return Item{Exchange: received(r, o.Now), Line: c.line, Lost: lost}, nil
}

// add adds a field that curl adds by itself, unless -H sets it or leaves it out.
func (c *curl) add(r *record.Request, name, value string) {
	if !r.Header.Has(name) && !slices.Contains(c.unset, strings.ToLower(name)) {
		r.Header = append(r.Header, record.Field{Name: name, Value: value})
	}
}
