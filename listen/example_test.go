package listen_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// inbox is a listener that keeps webhooks in memory and takes a token for a signature.
type inbox struct {
	token    string
	received []*record.Exchange
}

// delivery is one webhook on its way into the inbox.
type delivery struct {
	in *inbox
	x  *record.Exchange
}

func (d *delivery) Check(time.Time) listen.Checked {
	status := record.Invalid
	if d.x.Request.Header.Get("X-Token") == d.in.token {
		status = record.Valid
	}
	return listen.Checked{Verdict: record.Verdict{Status: status}, EventType: d.x.Request.Header.Get("X-Event")}
}

func (d *delivery) Record(context.Context) error {
	d.in.received = append(d.in.received, d.x)
	d.x.ID = int64(len(d.in.received))
	return nil
}

func (d *delivery) Reply(context.Context) listen.Answer {
	if d.x.Verdict.Status != record.Valid {
		return listen.Answer{} // 401
	}
	return listen.Answer{Response: &record.Response{Status: http.StatusAccepted}}
}

func (d *delivery) Answered(context.Context) error {
	fmt.Println(d.x.ID, d.x.EventType, d.x.Verdict.Status, d.x.Response.Status, string(d.x.Request.Body))
	return nil
}

// A server asks the hook of each webhook what to do with it, one step after another.
func ExampleServer() {
	in := &inbox{token: "t0ken"}
	server := &listen.Server{
		Receive: func(x *record.Exchange) listen.Hook { return &delivery{in, x} },
		Limit:   2,
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(context.Background(), ln) }()

	for _, token := range []string{"t0ken", "guess"} {
		request, _ := http.NewRequest(http.MethodPost, "http://"+ln.Addr().String(), strings.NewReader(`{"paid":true}`))
		request.Header.Set("X-Token", token)
		request.Header.Set("X-Event", "invoice.paid")
		request.Close = true
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = response.Body.Close()
	}
	fmt.Println(<-served)
	// Unordered output:
	// 1 invoice.paid valid 202 {"paid":true}
	// 2 invoice.paid invalid 401 {"paid":true}
	// <nil>
}
