package deliver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/barbhq/barb/store/record"
)

// stage is how far an attempt was, in words that follow "timed out while".
type stage string

const (
	connecting  stage = "connecting"
	handshaking stage = "waiting for the TLS handshake"
	sending     stage = "sending the request"
	waiting     stage = "waiting for the answer"
	reading     stage = "reading the answer"
)

// maxText is how many bytes of a failure's text are kept: a part comes from the peer.
const maxText = 300

// protocolError means that an answer is not HTTP, or cannot be used.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// refusal is the failure of a request that can never be sent: a bad URL, a header with a line break.
func refusal(err error) *record.Failure {
	return &record.Failure{Kind: record.FailUnknown, Text: bounded(err.Error(), maxText), Permanent: true}
}

// failure maps an error at a stage of an attempt. left says that bytes of the request may have been sent.
func failure(ctx context.Context, at stage, err error, left bool) *record.Failure {
	kind := classify(ctx, at, err)
	return &record.Failure{Kind: kind, Text: bounded(describe(kind, at, err), maxText),
		Permanent: kind == record.FailTLS && isCertificate(err) || isUnreached(err), Ambiguous: left}
}

// classify names the kind of an error. The context comes first: a cut attempt may show any error.
func classify(ctx context.Context, at stage, err error) record.FailureKind {
	_, dns := errors.AsType[*net.DNSError](err)
	timeout, timed := errors.AsType[net.Error](err)
	_, protocol := errors.AsType[protocolError](err)
	_, head := record.IsHeadError(err)
	_, room := errors.AsType[*roomError](err)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return record.FailInterrupted
	case ctx.Err() != nil:
		return record.FailTimeout
	case errors.Is(err, errForbidden):
		return record.FailInterrupted
	case isUnreached(err):
		return record.FailUnknown
	case dns:
		return record.FailDNS
	case timed && timeout.Timeout():
		return record.FailTimeout
	case at == handshaking || isTLS(err) || isCertificate(err):
		return record.FailTLS
	case room:
		return record.FailUnknown
	case protocol || head:
		return record.FailProtocol
	case isBreak(err):
		return record.FailReset
	case at == connecting:
		return classifyConnect(err)
	case at == reading || at == waiting:
		return record.FailProtocol
	}
	return record.FailUnknown
}

// classifyConnect returns refused for every connection that could not be made, except when this machine lacks
// something: descriptors, ports, permission.
func classifyConnect(err error) record.FailureKind {
	for _, local := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.EACCES, syscall.EPERM} {
		if errors.Is(err, local) {
			return record.FailUnknown
		}
	}
	return record.FailRefused
}

// isBreak reports whether the connection ended before the answer did.
func isBreak(err error) bool {
	for _, end := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED,
		syscall.Errno(10053), syscall.Errno(10054), // what Windows calls the last and ECONNRESET
	} {
		if errors.Is(err, end) {
			return true
		}
	}
	// net/http does not export its HTTP/2 errors; there is only their text.
	text := err.Error()
	return strings.HasPrefix(text, "stream error:") || strings.Contains(text, "server sent GOAWAY") ||
		strings.Contains(text, "client connection lost")
}

// isCertificate reports whether one side did not accept the other's certificate: the same one will fail again.
func isCertificate(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	// An alert of the peer has no exported type. With TLS 1.3 it comes only with the first read.
	return isAlert(err) && (strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "access denied"))
}

func isTLS(err error) bool {
	_, plain := errors.AsType[tls.RecordHeaderError](err)
	return plain || isAlert(err)
}

func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error")
}

// describe returns an error as a clause, without the prefixes of libraries.
func describe(kind record.FailureKind, at stage, err error) string {
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if strings.HasPrefix(string(plain.RecordHeader[:]), "HTTP/") {
			return "the port speaks plain HTTP, not TLS"
		}
		return "the port does not speak TLS"
	}
	switch {
	case kind == record.FailTimeout:
		return fmt.Sprintf("timed out while %s", at)
	case kind == record.FailInterrupted:
		return fmt.Sprintf("interrupted while %s", at)
	case at == waiting && errors.Is(err, io.EOF):
		return "the connection was closed without an answer"
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return fmt.Sprintf("the connection was closed while %s", at)
	case errors.Is(err, syscall.ECONNRESET):
		return fmt.Sprintf("the connection was reset while %s", at)
	}
	return strings.TrimPrefix(withoutLayers(err).Error(), "tls: failed to verify certificate: ")
}

// withoutLayers returns the part of an error that says what is wrong and where: a dial error keeps address and cause,
// other errors lose "read tcp 127.0.0.1:53122->…".
func withoutLayers(err error) error {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || isAlert(err) {
		return err
	}
	for inner, ok := op, true; ok; inner, ok = errors.AsType[*net.OpError](op.Err) {
		op = inner
	}
	cause := op.Err
	if errno, ok := errors.AsType[syscall.Errno](op.Err); ok {
		cause = errno
	}
	if op.Op == "dial" && op.Addr != nil {
		return fmt.Errorf("%s: %w", op.Addr, cause)
	}
	return cause
}

// bounded cuts s at limit bytes, between characters.
func bounded(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
