package conformance

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// difference is a case in which an SDK may contradict barb, with the reason. The table agrees with sdk_disagrees in
// sign/testdata/vectors, where the same SDKs judged fixed messages.
type difference struct{ provider, sdk, trial, reason string }

// The reasons.
const (
	noAgeCheck   = "checks no age"
	noFuture     = "checks the past only"
	reserialises = "signs the body parsed and written anew, so only compact JSON passes"
	oneValue     = "takes one value of a repeated form field, so it cannot verify repeated ones"
)

func differences() []difference {
	return []difference{
		{"replicate", "replicate", "stale", noAgeCheck},
		{"replicate", "replicate", "future", noAgeCheck},
		{"workos", "@workos-inc/node", "raw body", reserialises},
		{"paddle", "@paddle/paddle-node-sdk", "future", noFuture},
		{"buildkite", "github.com/buildkite/go-buildkite/v4", "stale", noAgeCheck},
		{"buildkite", "github.com/buildkite/go-buildkite/v4", "future", noAgeCheck},
		{"slack", "@slack/bolt", "future", noFuture},
		{"zoom", "@zoom/rivet", "raw body", reserialises},
		{"zoom", "@zoom/rivet", "stale", noAgeCheck},
		{"zoom", "@zoom/rivet", "future", noAgeCheck},
		{"webflow", "webflow-api", "stale", noAgeCheck},
		{"webflow", "webflow-api", "future", noAgeCheck},
		{"discord", "discord-interactions", "stale", noAgeCheck},
		{"discord", "discord-interactions", "future", noAgeCheck},
		{"discord", "github.com/bwmarrin/discordgo", "stale", noAgeCheck},
		{"discord", "github.com/bwmarrin/discordgo", "future", noAgeCheck},
		{"sendgrid", "@sendgrid/eventwebhook", "stale", noAgeCheck},
		{"sendgrid", "@sendgrid/eventwebhook", "future", noAgeCheck},
		{"sendgrid", "github.com/sendgrid/sendgrid-go", "stale", noAgeCheck},
		{"sendgrid", "github.com/sendgrid/sendgrid-go", "future", noAgeCheck},
		{"vonage", "@vonage/jwt", "stale", noAgeCheck},
		{"vonage", "@vonage/jwt", "future", noAgeCheck},
		{"twilio", "github.com/twilio/twilio-go", "raw body", oneValue},
		{"cashfree", "cashfree-pg", "stale", noAgeCheck},
		{"cashfree", "cashfree-pg", "future", noAgeCheck},
		{"contentful", "@contentful/node-apps-toolkit", "future", noFuture},
		{"mailgun", "github.com/mailgun/mailgun-go/v4", "stale", noAgeCheck},
		{"mailgun", "github.com/mailgun/mailgun-go/v4", "future", noAgeCheck},
		{"aws-sns", "sns-validator", "stale", noAgeCheck},
		{"aws-sns", "sns-validator", "future", noAgeCheck},
	}
}

// SDKs contradict fixed vectors; they must contradict messages that barb signs now in the same cases.
func TestDifferencesCoverThoseOfTheVectors(t *testing.T) {
	trials := map[string]string{"stale": "stale", "future": "future", "valid_raw_bytes": "raw body"}
	files, err := filepath.Glob("../sign/testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		for _, v := range readVectors(t, file) {
			for _, d := range v.Disagrees {
				if _, ok := differs(adapter{Provider: v.Provider, SDK: d.SDK}, trials[v.Case]); !ok {
					t.Errorf("%s: %s says %s of %s, and the table of differences does not say why", v.Provider, d.SDK,
						d.Verdict, v.Case)
				}
			}
		}
	}
}

type vector struct {
	Provider, Case string
	Disagrees      []struct{ SDK, Verdict string } `json:"sdk_disagrees"`
}

func readVectors(t *testing.T, file string) []vector {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Vectors []vector }
	if err := json.Unmarshal(text, &content); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return content.Vectors
}

// differs returns the permitted difference of an SDK in a trial, if there is one.
func differs(a adapter, trial string) (difference, bool) {
	for _, d := range differences() {
		if d.provider == a.Provider && d.sdk == a.SDK && d.trial == trial {
			return d, true
		}
	}
	return difference{}, false
}
