package script

import (
	"net/http"
	"slices"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// Platform is the limits that a hosting platform sets to requests and to the app behind it.
type Platform struct {
	Name, Title string
	MaxBody     int64         // bytes; a longer body never reaches the app and is answered 413
	Timeout     time.Duration // of the app, until the platform answers for it
	late        record.Response
	Docs        []string
	Doubt       string // where the figures do not hold
}

// Platforms returns all known platforms, sorted by name.
func Platforms() []Platform {
	return []Platform{
		{Name: "cloudflare", Title: "Cloudflare Workers", MaxBody: 100e6, Timeout: 30 * time.Second,
			late: said(http.StatusServiceUnavailable, "text/plain; charset=UTF-8", "error code: 1102"),
			Docs: []string{"https://developers.cloudflare.com/workers/platform/limits/",
				"https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/error-1102/"},
			Doubt: "30 s is a paid plan's default limit of CPU time; barb counts the time that the app waits, too. " +
				"100 MB is the limit of a free plan"},
		{Name: "lambda", Title: "AWS Lambda behind API Gateway", MaxBody: 6 << 20, Timeout: 30 * time.Second,
			late: said(http.StatusGatewayTimeout, "application/json", `{"message":"Endpoint request timed out"}`),
			Docs: []string{"https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
				"https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"},
			Doubt: "30 s is the limit of an HTTP API; a REST API has 29 s, which can be raised. " +
				"A binary body reaches Lambda as base64, so its limit is 4.5 MB"},
		{Name: "vercel", Title: "Vercel Functions", MaxBody: 4_500_000, Timeout: 10 * time.Second,
			late: said(http.StatusGatewayTimeout, "text/plain; charset=utf-8",
				"An error occurred with your deployment\n\nFUNCTION_INVOCATION_TIMEOUT\n",
				record.Field{Name: "X-Vercel-Error", Value: "FUNCTION_INVOCATION_TIMEOUT"}),
			Docs: []string{"https://vercel.com/docs/functions/limitations",
				"https://vercel.com/docs/errors/FUNCTION_INVOCATION_TIMEOUT"},
			Doubt: "10 s is the free plan without fluid compute; with it the limit is at least 300 s"},
	}
}

func said(status int, kind, body string, more ...record.Field) record.Response {
	header := append(record.Header{{Name: "Content-Type", Value: kind}}, more...)
	return record.Response{Status: status, Header: header, Body: []byte(body)}
}

// LookupPlatform returns the platform of this name, if there is one.
func LookupPlatform(name string) (Platform, bool) {
	all := Platforms()
	i := slices.IndexFunc(all, func(p Platform) bool { return p.Name == name })
	if i < 0 {
		return Platform{}, false
	}
	return all[i], true
}

// Late returns the answer that a sender gets from the platform when the app exceeds Timeout.
func (p Platform) Late() *record.Response {
	late := p.late
	return &late
}

// Cut returns a as it would come through the platform: Late at the end of Timeout where the app would take longer.
func (p Platform) Cut(a listen.Answer) listen.Answer {
	if a.Delay <= p.Timeout && a.Fault.Kind != listen.Hang {
		return a
	}
	return listen.Answer{Response: p.Late(), Delay: p.Timeout}
}
