package explain

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
	limit    string // how to get all of them
	packed   string // about content codings
}

var frameworks = [...]framework{
	{"express", "js",
		"mount express.raw({type: 'application/json'}) on this route before express.json(), and verify req.body, a Buffer",
		"give express.raw({limit: '10mb'}); 100kb is the default",
		"express.raw({inflate: false}) keeps the body packed, without it the body is unpacked"},
	{"next.js", "js",
		"App Router: verify await req.text() and JSON.parse it afterwards; Pages Router: export const config = {api: " +
			"{bodyParser: false}} and read the stream",
		"Pages Router: export const config = {api: {bodyParser: {sizeLimit: '10mb'}}}; 1mb is the default",
		"req.arrayBuffer() gives what the host hands over; unpack it with zlib where content-encoding says so"},
	{"fastify", "js",
		"addContentTypeParser('application/json', {parseAs: 'buffer'}, (req, body, done) => done(null, body)) on this " +
			"route's scope",
		"set bodyLimit on the route; 1 MiB is the default",
		"a content type parser gets the body packed; unpack it there with zlib"},
	{"flask", "python",
		"verify request.get_data() before request.json or request.form is used; never json.dumps(request.json)",
		"raise app.config['MAX_CONTENT_LENGTH'] and the limit of the server before it",
		"request.get_data() is packed when content-encoding says so; unpack it with gzip.decompress"},
	{"django", "python",
		"verify request.body before request.POST is touched; never json.dumps of what was parsed",
		"raise DATA_UPLOAD_MAX_MEMORY_SIZE; 2.5 MB is the default",
		"request.body is packed when content-encoding says so; unpack it with gzip.decompress"},
	{"fastapi", "python",
		"take request: Request and verify await request.body(); no Pydantic model on this route",
		"raise the body limit of the proxy before uvicorn; FastAPI itself has none",
		"await request.body() is packed when content-encoding says so; unpack it with gzip.decompress"},
	{"rails", "ruby",
		"verify request.raw_post; never params.to_json",
		"raise the body limit of the proxy before Puma, such as nginx' client_max_body_size",
		"request.raw_post is packed when content-encoding says so; unpack it with Zlib.gunzip"},
	{"laravel", "php",
		"verify $request->getContent(); never json_encode($request->all())",
		"raise post_max_size in php.ini and the limit of the web server",
		"$request->getContent() is packed when content-encoding says so; unpack it with gzdecode"},
	{"spring", "java",
		"take @RequestBody byte[] body, not a DTO and not a String, whose charset may be wrong; parse it after the check",
		"raise server.tomcat.max-http-form-post-size, and spring.codec.max-in-memory-size in WebFlux",
		"byte[] is packed when content-encoding says so; unpack it with GZIPInputStream"},
	{"net/http", "go",
		"body, err := io.ReadAll(r.Body) before any json.Decoder; then r.Body = io.NopCloser(bytes.NewReader(body))",
		"raise the limit of http.MaxBytesReader or io.LimitReader",
		"r.Body is packed when content-encoding says so; unpack it with gzip.NewReader"},
	{"lambda", "js",
		"verify event.body as it is, or Buffer.from(event.body, 'base64') when event.isBase64Encoded; no mapping " +
			"template before it",
		"6 MB is all that is passed to a function; larger bodies must go around it",
		"set binary media types to get the packed body as base64; unpack Buffer.from(event.body, 'base64') with zlib"},
}

// shellFix is the advice for a body that was saved to be checked by hand.
var shellFix = Fix{"shell", "save and send bodies with curl --data-binary @FILE or barb; echo, an editor and curl " +
	"-d change line breaks"}

// fixes returns the advice for a change of the body, first for the language that wrote the received body.
func fixes(kind Kind, likely *writerStyle) (all []Fix) {
	var others []Fix
	for i := range frameworks {
		f := &frameworks[i]
		text := f.raw
		switch kind {
		case Truncated, SignedTruncated:
			text = f.limit
		case StillPacked, AlreadyUnpacked, UnpackedUnprovable:
			text = f.packed
		}
		if fix := (Fix{f.name, text}); likely != nil && f.language == likely.language {
			all = append(all, fix)
		} else {
			others = append(others, fix)
		}
	}
	all = append(all, others...)
	switch kind {
	case NewlineAdded, NewlineRemoved, SpaceAdded, LineEnds, BOMAdded, BOMRemoved, ChunkFraming, HeadIncluded:
		all = append([]Fix{shellFix}, all...)
	}
	return all
}
