package provider

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/barbhq/barb/deliver"
)

// Override is the change to a provider's policy in the fragment of an endpoint's URL. Twilio calls it a connection
// override: #rc=2&rp=4xx,5xx&ct=2000&rt=5000&tt=9000. The zero value of a field changes nothing.
type Override struct {
	Retries *int
	RetryOn string        // in the syntax of deliver.ParseRetryOn
	Connect time.Duration // to get a connection
	Timeout time.Duration // for the answer
	Total   time.Duration // for all attempts
	Ignored []string      // keys without an effect here: sni, e
}

// Override parses the fragment of an endpoint's URL. It is empty without a fragment, and for a provider that ignores
// fragments. The error names the wrong part.
func (p *Provider) Override(address string) (Override, error) {
	_, fragment, _ := strings.Cut(address, "#")
	if fragment == "" || !p.Overridden {
		return Override{}, nil
	}
	if decoded, err := url.PathUnescape(fragment); err == nil {
		fragment = decoded
	}
	return parseOverride(fragment)
}

// parseOverride parses a fragment without its #. The error names the wrong part.
func parseOverride(fragment string) (o Override, err error) {
	for part := range strings.SplitSeq(fragment, "&") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "rc":
			n, convErr := strconv.Atoi(value)
			if convErr != nil || n < 0 || n > 5 {
				return o, fmt.Errorf("rc=%q is not a number from 0 to 5", value)
			}
			o.Retries = &n
		case "rp":
			o.RetryOn, err = overriddenRetries(value)
		case "ct":
			o.Connect, err = milliseconds(key, value, 10_000)
		case "rt":
			o.Timeout, err = milliseconds(key, value, 15_000)
		case "tt":
			o.Total, err = milliseconds(key, value, 15_000)
		case "sni", "e":
			o.Ignored = append(o.Ignored, key)
		default:
			err = fmt.Errorf("unknown override %q: use rc, rp, ct, rt, tt, sni or e", part)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// overriddenRetries returns the failures of rp in the syntax of deliver.ParseRetryOn.
func overriddenRetries(list string) (string, error) {
	known := map[string]string{"4xx": "4xx", "5xx": "5xx,501,505,511", "ct": "connect", "rt": "timeout",
		"all": "4xx,5xx,501,505,511,network"}
	var items []string
	for name := range strings.SplitSeq(list, ",") {
		item, ok := known[name]
		if !ok {
			return "", fmt.Errorf("unknown rp=%q: use 4xx, 5xx, ct, rt or all", name)
		}
		items = append(items, item)
	}
	return strings.Join(slices.Compact(items), ","), nil
}

func milliseconds(key, value string, most int) (time.Duration, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 100 || n > most {
		return 0, fmt.Errorf("%s=%q is not a number of milliseconds from 100 to %d", key, value, most)
	}
	return time.Duration(n) * time.Millisecond, nil
}

// Apply changes a policy. It ignores Connect, since a policy has no such limit.
func (o Override) Apply(p *deliver.Policy) (err error) {
	if o.Retries != nil {
		p.Retries = *o.Retries
	}
	if o.RetryOn != "" {
		p.RetryOn, err = deliver.ParseRetryOn(o.RetryOn)
	}
	if o.Timeout > 0 {
		p.Timeout = o.Timeout
	}
	if o.Total > 0 {
		p.Deadline = o.Total
	}
	return err
}
