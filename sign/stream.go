package sign

import (
	"fmt"
	"io"
)

// A body is read from a stream in blocks of 256 KiB, a few of them ahead of the hash, so that reading and hashing
// overlap and memory stays constant.
const (
	blockSize = 256 << 10
	ahead     = 3
)

// feed writes a template's content to all sinks in one pass over the body, without copying it.
func (v *values) feed(sinks []sink, template string) error {
	before, body, after := cutBody(template)
	if body == "body|json" {
		return v.feedText(sinks, template, nil)
	}
	if err := v.feedText(sinks, before, nil); err != nil {
		return err
	}
	var digest []byte
	switch {
	case body == "body":
		if err := v.feedBody(sinks); err != nil {
			return err
		}
	case body != "":
		sum := bodySum(body)
		if err := v.feedBody([]sink{{Writer: sum}}); err != nil {
			return err
		}
		digest = sum.appendTo(nil)
	}
	return v.feedText(sinks, after, digest)
}

// feedText writes first and then a template's text to every sink.
func (v *values) feedText(sinks []sink, template string, first []byte) error {
	if template == "" && len(first) == 0 {
		return nil
	}
	text := make([]byte, 0, 192)
	for _, to := range sinks {
		var err error
		if text, err = v.expand(append(text[:0], first...), template, to.key); err != nil {
			return err
		}
		_, _ = to.Write(text) // hashes and buffers accept everything
	}
	return nil
}

func (v *values) feedBody(sinks []sink) error {
	if v.m.Stream == nil {
		write(sinks, v.m.Body)
		return nil
	}
	if err := pump(v.m.Stream, sinks); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

func write(sinks []sink, b []byte) {
	for _, to := range sinks {
		_, _ = to.Write(b)
	}
}

// pump copies a stream into the sinks. Behind the first block a goroutine reads ahead; it ends before pump returns.
func pump(r io.Reader, sinks []sink) error {
	block := make([]byte, blockSize)
	n, err := fill(r, block)
	write(sinks, block[:n])
	if err != nil {
		return endOfStream(err)
	}
	full, free := make(chan []byte, ahead), make(chan []byte, ahead)
	free <- block
	for range ahead - 1 {
		free <- make([]byte, blockSize)
	}
	var failed error
	go func() {
		defer close(full)
		failed = readAhead(r, full, free)
	}()
	for b := range full {
		write(sinks, b)
		free <- b[:blockSize]
	}
	return endOfStream(failed)
}

// readAhead fills free blocks and sends them to full until the stream ends. It always returns an error.
func readAhead(r io.Reader, full chan<- []byte, free <-chan []byte) error {
	for {
		block := <-free
		n, err := fill(r, block)
		full <- block[:n]
		if err != nil {
			return err
		}
	}
}

// fill reads until block is full or the stream ends; only io.EOF is an end. io.ReadFull reports a short last block
// with the error of a truncated stream, and a truncated body must not be signed.
func fill(r io.Reader, block []byte) (n int, err error) {
	for n < len(block) && err == nil {
		var more int
		more, err = r.Read(block[n:])
		n += more
	}
	return n, err
}

func endOfStream(err error) error {
	if err == io.EOF { //nolint:errorlint // a wrapped EOF is a failure, not the end
		return nil
	}
	return err
}
