package explain

import (
	"bytes"
	"slices"
	"strings"
)

// language is a framework's language, which decides the JSON writer of the body.
type language string

// writerStyle is the style of a language's usual JSON writer.
type writerStyle struct {
	language language
	name     string
	layout   int // index in layouts
	strings  int // index in stringStyles
}

// writerStyles are the distinguishable styles. Compact JSON without escapes is missing, because most languages write
// it.
var writerStyles = [...]writerStyle{
	{"python", "Python's json.dumps", 1, 2},
	{"php", "PHP's json_encode", 0, 3},
	{"go", "Go's encoding/json", 0, 5},
	{"c#", "System.Text.Json", 0, 7},
	{"java", "Jackson", 5, 1},
}

// family returns the writer whose style the body shows; nil when it shows none.
func family(have []byte) *writerStyle {
	root, ok := parseJSON(have)
	if !ok || root.isWritten(&layouts[0], &jsStrings) {
		return nil
	}
	for i := range writerStyles {
		if w := &writerStyles[i]; root.isWritten(&layouts[w.layout], &stringStyles[w.strings]) {
			return w
		}
	}
	return nil
}

// framework holds the advice for one framework.
type framework struct {
	name     string
	language language
	raw      string // how to get the raw bytes
	form     string // how to get the raw bytes of a form
	limit    string // how to get all of them
	packed   string // about content codings
}

// frameworks begin with the most common ones: Stack Overflow's survey of 2024 has Express and Next.js first, and Flask
// is the most common one of another language with a receiver in barb verify --emit.
var frameworks = [...]framework{
	{"express", "js",
		"mount express.raw({type: 'application/json'}) on this route before express.json(), and verify req.body, a Buffer",
		"mount express.raw({type: 'application/x-www-form-urlencoded'}) on this route before express.urlencoded(), " +
			"verify req.body, a Buffer, and parse it afterwards with new URLSearchParams(req.body.toString())",
		"set express.raw({limit: '10mb'}); the default is 100kb",
		"express.raw({inflate: false}) leaves the body compressed; the default decompresses it"},
	{"next.js", "js",
		"App Router: verify await req.text() and JSON.parse it afterwards; Pages Router: export const config = {api: " +
			"{bodyParser: false}} and read the stream",
		"App Router: verify await req.text(), not req.formData(), and parse it afterwards with new URLSearchParams(text); " +
			"Pages Router: export const config = {api: {bodyParser: false}} and read the stream",
		"Pages Router: export const config = {api: {bodyParser: {sizeLimit: '10mb'}}}; the default is 1mb",
		"req.arrayBuffer() returns what the host passes on; decompress it with zlib if Content-Encoding says so"},
	{"flask", "python",
		"verify request.get_data() before request.json or request.form is used; never json.dumps(request.json)",
		"call request.get_data() before request.form, which leaves nothing to read, and verify that; never urlencode " +
			"request.form",
		"raise app.config['MAX_CONTENT_LENGTH'] and the limit of the server in front of it",
		"request.get_data() is compressed if Content-Encoding says so; decompress it with gzip.decompress"},
	{"fastify", "js",
		"addContentTypeParser('application/json', {parseAs: 'buffer'}, (req, body, done) => done(null, body)) on this " +
			"route's scope",
		"addContentTypeParser('application/x-www-form-urlencoded', {parseAs: 'buffer'}, (req, body, done) => " +
			"done(null, body)) on this route's scope, without @fastify/formbody there",
		"set bodyLimit on the route; the default is 1 MiB",
		"a content type parser gets the compressed body; decompress it there with zlib"},
	{"django", "python",
		"verify request.body before request.POST is touched; never json.dumps of what was parsed",
		"verify request.body before request.POST is touched; never request.POST.urlencode()",
		"raise DATA_UPLOAD_MAX_MEMORY_SIZE; the default is 2.5 MB",
		"request.body is compressed if Content-Encoding says so; decompress it with gzip.decompress"},
	{"fastapi", "python",
		"take request: Request and verify await request.body(); no Pydantic model on this route",
		"take request: Request and verify await request.body(), then parse it with urllib.parse.parse_qs; no Form(...) " +
			"parameter on this route",
		"raise the body limit of the proxy before uvicorn; FastAPI itself has none",
		"await request.body() is compressed if Content-Encoding says so; decompress it with gzip.decompress"},
	{"rails", "ruby",
		"verify request.raw_post; never params.to_json",
		"verify request.raw_post; never request.request_parameters.to_query",
		"raise the body limit of the proxy before Puma, such as nginx's client_max_body_size",
		"request.raw_post is compressed if Content-Encoding says so; decompress it with Zlib.gunzip"},
	{"laravel", "php",
		"verify $request->getContent(); never json_encode($request->all())",
		"verify $request->getContent(); never http_build_query($request->all())",
		"raise post_max_size in php.ini and the limit of the web server",
		"$request->getContent() is compressed if Content-Encoding says so; decompress it with gzdecode"},
	{"spring", "java",
		"take @RequestBody byte[] body, not a DTO and not a String, whose charset may be wrong; parse it after the check",
		"read HttpServletRequest.getInputStream() in a filter before anything calls getParameter(): for a form, " +
			"@RequestBody is put together again from the parameters",
		"raise server.tomcat.max-http-form-post-size, and spring.codec.max-in-memory-size in WebFlux",
		"byte[] is compressed if Content-Encoding says so; decompress it with GZIPInputStream"},
	{"asp.net", "c#",
		"call Request.EnableBuffering() and read Request.Body before model binding; no [FromBody] parameter on this action",
		"call Request.EnableBuffering() and read Request.Body before Request.Form; no [FromForm] parameter on this action",
		"raise MaxRequestBodySize or set [RequestSizeLimit]; the default is 30 MB",
		"Request.Body is compressed if Content-Encoding says so, unless UseRequestDecompression is on; decompress it with " +
			"GZipStream"},
	{"net/http", "go",
		"body, err := io.ReadAll(r.Body) before any json.Decoder; then r.Body = io.NopCloser(bytes.NewReader(body))",
		"body, err := io.ReadAll(r.Body) before r.ParseForm and r.FormValue; then r.Body = " +
			"io.NopCloser(bytes.NewReader(body))",
		"raise the limit of http.MaxBytesReader or io.LimitReader",
		"r.Body is compressed if Content-Encoding says so; decompress it with gzip.NewReader"},
	{"lambda", "js",
		"verify event.body as it is, or Buffer.from(event.body, 'base64') when event.isBase64Encoded; no mapping " +
			"template before it",
		"verify event.body as it is, or Buffer.from(event.body, 'base64') when event.isBase64Encoded, and parse it " +
			"afterwards with new URLSearchParams",
		"a function gets at most 6 MB; larger bodies must go around it",
		"set binary media types to get the compressed body as base64; decompress Buffer.from(event.body, " +
			"'base64') with zlib"},
}

// shellFix is the advice for a body that was saved to be checked by hand.
var shellFix = Fix{"shell", "save and send bodies with curl --data-binary @FILE or barb; echo, an editor and curl " +
	"-d change line breaks"}

// maxFixes is the number of frameworks whose advice is given when it is not known which one is used.
const maxFixes = 3

// evidence is what a message and its check show of the receiver's framework.
type evidence struct {
	framework string       // that is known to be used; "" for none
	writer    *writerStyle // that wrote the received body; nil when it cannot be told
	have      []byte       // the received body
	isForm    bool
}

func newEvidence(q *Question, writer *writerStyle) evidence {
	fields, fromJSON := fieldsOf(q.Message.Body)
	isForm := len(fields) > 0 && !fromJSON ||
		strings.Contains(strings.ToLower(q.Message.Header.Get("Content-Type")), "x-www-form-urlencoded")
	return evidence{framework: q.Framework, writer: writer, have: q.Message.Body, isForm: isForm}
}

// fixes returns the advice for a change of the body: for the one framework that is known, for those of the language
// that shows, or for the most common ones.
func fixes(kind Kind, e evidence) (all []Fix) {
	switch kind {
	case NewlineAdded, NewlineRemoved, SpaceAdded, LineEnds, BOMAdded, BOMRemoved, ChunkFraming, HeadIncluded:
		all = append(all, shellFix)
	}
	for i := range frameworks {
		f := &frameworks[i]
		if len(all) < maxFixes && e.suits(kind, f) {
			all = append(all, Fix{f.name, f.text(kind, e.isForm)})
		}
	}
	return all
}

// suits reports whether a framework may be the receiver's.
func (e *evidence) suits(kind Kind, f *framework) bool {
	switch {
	case slices.ContainsFunc(frameworks[:], func(f framework) bool { return f.name == e.framework }):
		return f.name == e.framework
	case bytes.Contains(e.have, []byte(`"isBase64Encoded"`)):
		return f.name == "lambda"
	case kind == BufferJSON, kind == ObjectStringified, kind == Stringified:
		return f.language == "js"
	case kind == BytesRepr:
		return f.language == "python"
	case e.writer != nil:
		return f.language == e.writer.language
	}
	return true
}

func (f *framework) text(kind Kind, isForm bool) string {
	switch kind {
	case Truncated, SignedTruncated:
		return f.limit
	case StillPacked, AlreadyUnpacked, UnpackedUnprovable:
		return f.packed
	case FormRewritten, FormToJSON, FormField, FormUnwrapped:
		return f.form
	}
	if isForm {
		return f.form
	}
	return f.raw
}
