package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
	"github.com/barbhq/barb/units"
)

// maxRate bounds the speed of a dripping answer, in bytes a second.
const maxRate = 1 << 30

func faultKinds() []string {
	return []string{string(listen.Reset), string(listen.Hang), string(listen.CloseAfterHeaders), string(listen.Truncate),
		string(listen.Drip), string(listen.BadHTTP)}
}

func optionNames() []string {
	return []string{"status", "fault", "delay", "retry-after", "body", "header"}
}

// bare sets a status or a fault, which are written without a name.
func (p *parser) bare(it *item, word string) error {
	switch {
	case strings.Trim(word, "0123456789") == "":
		return p.set(it, "status", word)
	case word == string(listen.Drip):
		return p.fault(p.part, "drip needs a rate: drip=1KB/s")
	case slices.Contains(faultKinds(), word):
		return p.set(it, "fault", word)
	case slices.Contains(optionNames(), word):
		return p.fault(p.part, "%s needs a value: %s", word, exampleOf(word))
	}
	return p.unknown(word)
}

func (p *parser) unknown(word string) error {
	err := p.fault(p.part, "unknown word %q: write a status from 200 to 599 or a fault (%s), "+
		"and options (%s) after a semicolon", word, strings.Join(faultKinds(), " "), strings.Join(optionNames()[2:], " "))
	err.Word, err.Known = word, append(faultKinds(), optionNames()...)
	return err
}

func exampleOf(option string) string {
	return map[string]string{"status": "status=503", "fault": "fault=reset", "delay": "delay=3s",
		"retry-after": "retry-after=2", "body": "body=@answer.json", "header": "header='X-Name: value'"}[option]
}

// set sets one option of an answer by its name.
func (p *parser) set(it *item, name, value string) error {
	var err error
	switch name {
	case "status":
		err = it.setStatus(value)
	case "fault":
		kind, rate, _ := strings.Cut(value, "=")
		err = it.setFault(kind, rate)
	case "delay":
		it.delay, err = ParseSpan(value)
	case "retry-after":
		err = it.addHeader("Retry-After: " + value)
	case "header":
		err = it.addHeader(value)
	case "body":
		err = it.setBody(value, p.read)
	case string(listen.Drip):
		err = it.setFault(name, value)
	default:
		if slices.Contains(faultKinds(), name) {
			return p.fault(p.part, "%s takes no value", name)
		}
		return p.unknown(name)
	}
	if err != nil {
		return p.fault(p.value, "%s: %v", name, err)
	}
	return nil
}

func (it *item) setStatus(s string) error {
	status, ok := number(s, 599)
	switch {
	case !ok || status < 200 || len(s) != 3: // after a status below 200 a sender goes on waiting for the answer
		return fmt.Errorf("%q is not from 200 to 599", s)
	case it.status != 0:
		return fmt.Errorf("one answer cannot have %d and %s; a comma separates two answers", it.status, s)
	}
	it.status = int(status)
	return nil
}

func (it *item) setFault(kind, rate string) (err error) {
	switch {
	case it.fault.Kind != "":
		return fmt.Errorf("one answer cannot have both %s and %s; a comma separates two answers", it.fault.Kind, kind)
	case !slices.Contains(faultKinds(), kind):
		return fmt.Errorf("unknown fault %q: choose %s", kind, strings.Join(faultKinds(), " "))
	case kind != string(listen.Drip) && rate != "":
		return fmt.Errorf("%s takes no value", kind)
	}
	it.fault.Kind = listen.FaultKind(kind)
	if kind != string(listen.Drip) {
		return nil
	}
	it.fault.Rate, err = parseRate(rate)
	return err
}

// parseRate reads bytes a second, a size with /s behind it: 1KB/s, 512B/s, 1.5KiB/s.
func parseRate(s string) (int64, error) {
	size, ok := strings.CutSuffix(strings.ToLower(s), "/s")
	rate, err := units.ParseSize(size)
	if !ok || err != nil || rate < 1 || rate > maxRate {
		return 0, fmt.Errorf("%q is not a rate from 1B/s to 1GB/s, such as 1KB/s", s)
	}
	return rate, nil
}

// addHeader adds a field, written as on the wire. It refuses the fields that frame the answer, which are the
// listener's.
func (it *item) addHeader(line string) error {
	name, value, ok := strings.Cut(line, ":")
	field := record.Field{Name: name, Value: strings.Trim(value, " \t")}
	if !ok {
		return fmt.Errorf("%q is not 'Name: value'", line)
	}
	if err := record.CheckField(field); err != nil {
		return err
	}
	if h := (record.Header{field}); len(h.EndToEnd()) == 0 || h.Has("Content-Length") || listen.AllowsOrigin(name) {
		return fmt.Errorf("%s cannot be scripted: barb controls this header itself", name)
	}
	it.header = append(it.header, field)
	return nil
}

// setBody sets the body to a text, or to the content of the file in @PATH.
func (it *item) setBody(s string, read func(path string) ([]byte, error)) (err error) {
	if it.body != nil {
		return errors.New("one answer can have only one body")
	}
	it.body = []byte(s)
	path, isFile := strings.CutPrefix(s, "@")
	if !isFile {
		return nil
	}
	if it.body, err = read(path); err == nil && it.body == nil {
		it.body = []byte{}
	}
	return err
}

// number reads a number of digits alone, up to most.
func number(s string, most int64) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return int64(n), err == nil && int64(n) <= most
}
