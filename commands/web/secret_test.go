package web_test

import (
	"testing"

	"github.com/barbhq/barb/store/record"
)

// What authenticates its sender is shown when it is asked for, also without scripts. A signature is always shown.
func TestCredentialsAreHiddenUntilAskedFor(t *testing.T) {
	t.Parallel()
	s := entered(t)
	x := received(1)
	x.Request.Header = append(x.Request.Header, record.Field{Name: "Authorization", Value: "Bearer abc<d"},
		record.Field{Name: "X-Api-Key", Value: "[secret]"})
	x.Response.Header = record.Header{{Name: "Set-Cookie", Value: "sid=1"}}
	s.add(x)
	text := s.get("/w/1")
	has(t, text, "<td><details class=secret><summary>hidden: show</summary><span>Bearer abc&lt;d</span></details></td>",
		"<td><details class=secret><summary>hidden: show</summary><span>sid=1</span></details></td>",
		"<td>t=1,v1=ab</td>", "<td>[secret]</td>")
}
