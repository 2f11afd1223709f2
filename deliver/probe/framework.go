package probe

import (
	"strings"
	"sync"

	"github.com/barbhq/barb/store/record"
)

// Frameworks returns the frameworks in whose words a fix can be said.
func Frameworks() []string {
	return []string{"django", "express", "fastapi", "fastify", "flask", "go", "lambda", "nextjs", "php"}
}

// frameworkOf finds the framework in the head of an answer, "" where nothing names one.
func frameworkOf(h record.Header) string {
	powered, server := strings.ToLower(h.Get("X-Powered-By")), strings.ToLower(h.Get("Server"))
	for _, sign := range []struct{ in, has, framework string }{
		{powered, "express", "express"}, {powered, "next.js", "nextjs"}, {powered, "php", "php"},
		{server, "werkzeug", "flask"}, {server, "wsgiserver", "django"}, {server, "uvicorn", "fastapi"},
	} {
		if strings.Contains(sign.in, sign.has) {
			return sign.framework
		}
	}
	return ""
}

// inWordsOf returns a fix with what it means in a framework; the fix itself where nothing more is known.
func inWordsOf(framework, fix string) string {
	if more := frameworkWords()[fix][framework]; more != "" {
		return fix + " " + more
	}
	return fix
}

// frameworkWords has more about a fix, by framework. It is made when a fix is first needed.
var frameworkWords = sync.OnceValue(func() map[string]map[string]string {
	// how each framework hands out the bytes that came
	rawBody := map[string]string{
		"express": "In Express: express.raw({type: () => true}) on this route, before app.use(express.json()); " +
			"req.body is then a Buffer.",
		"fastify": "In Fastify: addContentTypeParser('*', {parseAs: 'buffer'}, (request, body, done) => done(null, body)).",
		"nextjs":  "In Next.js: await request.text() in a route handler; with pages, bodyParser: false.",
		"lambda":  "In Lambda: event.body as it is, decoded when event.isBase64Encoded.",
		"flask":   "In Flask: request.get_data(), before request.json or request.form.",
		"django":  "In Django: request.body, before request.POST.",
		"fastapi": "In FastAPI: await request.body() of a Request, not a model as the parameter.",
		"go":      "In Go: io.ReadAll(r.Body), before r.ParseForm or json.Decoder.",
		"php":     "In PHP: file_get_contents('php://input'), not $_POST.",
	}
	return map[string]map[string]string{
		bytesFix:  rawBody,
		verifyFix: rawBody,
		queueFix: {
			"express": "In Express: insert a row, res.sendStatus(200), and let a worker take it (BullMQ, pg-boss).",
			"flask":   "In Flask: insert a row and return 200; Celery or RQ does the work.",
			"django":  "In Django: transaction.on_commit(lambda: task.delay(id)), then return 200.",
			"fastapi": "In FastAPI: insert a row and return; a worker (arq) takes it, as BackgroundTasks end with the process.",
			"go":      "In Go: insert a row and return; a worker takes it, as goroutines end with the process.",
			"php":     "In PHP: insert a row and return; with Laravel, Job::dispatch().",
			"nextjs":  "In Next.js: insert a row and return; a queue does the work, as after() ends with the function.",
			"lambda":  "In Lambda: SQS before the function that works.",
		},
		parseFix: {
			"express": "In Express: JSON.parse in try, and res.sendStatus(400) in catch.",
			"flask":   "In Flask: request.get_json() answers 400 by itself, json.loads does not: except ValueError.",
			"django":  "In Django: except ValueError around json.loads, and HttpResponseBadRequest().",
			"fastapi": "In FastAPI: except ValueError around json.loads, and HTTPException(400).",
			"go":      "In Go: http.Error(w, \"bad JSON\", http.StatusBadRequest) when json.Unmarshal fails.",
			"php":     "In PHP: json_decode(…, flags: JSON_THROW_ON_ERROR) in try, and http_response_code(400).",
		},
		methodsFix: {
			"express": "In Express: app.post, not app.all or app.use.",
			"flask":   "In Flask: @app.post, or methods=['POST'].",
			"django":  "In Django: @require_POST.",
			"go":      "In Go: mux.HandleFunc(\"POST /webhooks\", …).",
		},
	}
})
