package deliver

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
)

// chunks reads the chunks of an answer (RFC 9112, section 7.1) up to and with the last one, which is empty. Lines may
// end in a bare LF, as those of its head may. It ends with io.EOF after the last chunk only.
type chunks struct {
	br    *bufio.Reader
	left  int64 // of the chunk that is being read
	begun bool  // there was a chunk, whose line end is to be read
	err   error
}

// Read reads from one chunk.
func (c *chunks) Read(p []byte) (n int, err error) {
	if c.left == 0 && c.err == nil {
		c.err = c.next()
	}
	if c.err != nil {
		return 0, c.err
	}
	n, err = c.br.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	c.err = midway(err)
	return n, c.err
}

// next reads the line before a chunk.
func (c *chunks) next() error {
	if c.begun {
		switch line, err := c.line(); {
		case err != nil:
			return err
		case len(line) > 0:
			return errChunk
		}
	}
	c.begun = true
	line, err := c.line()
	if err != nil {
		return err
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	size = bytes.TrimRight(size, " \t")
	n, err := strconv.ParseUint(string(size), 16, 63)
	switch {
	case err != nil || len(size) > 16:
		return errChunk
	case n == 0:
		return io.EOF
	}
	c.left = int64(n)
	return nil
}

// line reads a line without its end. It is good until the next read.
func (c *chunks) line() ([]byte, error) {
	line, err := c.br.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errChunk
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), midway(err)
}

const errChunk = protocolError("the answer's chunks are malformed")
