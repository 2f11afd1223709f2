package deliver

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/barbhq/barb/store/record"
)

// errSocks means that the answer of a proxy is not SOCKS5.
const errSocks = protocolError("the proxy does not speak SOCKS5")

// proxyAddress is host and port of a proxy.
func proxyAddress(proxy *url.URL) string {
	usual := map[string]string{"http": "80", "https": "443"}[proxy.Scheme]
	return net.JoinHostPort(proxy.Hostname(), cmp.Or(proxy.Port(), usual, "1080"))
}

// tunnel has a proxy connect to an endpoint. It reads nothing beyond the proxy's answer.
func (c *Client) tunnel(ctx context.Context, nc net.Conn, to *endpoint) (err error) {
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if to.proxy.Scheme == "http" || to.proxy.Scheme == "https" {
		err = c.connectHTTP(nc, to)
	} else {
		err = connectSocks(nc, to)
	}
	if ctx.Err() != nil { // cutting the connection shows as any error at all
		return ctx.Err()
	}
	return err
}

// connectHTTP asks an HTTP proxy for a tunnel (RFC 9110, section 9.3.6).
func (c *Client) connectHTTP(nc net.Conn, to *endpoint) error {
	ask := record.Request{Method: "CONNECT", Target: to.address, Proto: "HTTP/1.1", Header: record.Header{
		{Name: "Host", Value: to.address}, {Name: "User-Agent", Value: c.o.UserAgent}}}
	if credentials := proxyCredentials(to.proxy); credentials != "" {
		ask.Header = append(ask.Header, record.Field{Name: "Proxy-Authorization", Value: credentials})
	}
	if _, err := nc.Write(ask.AppendHead(nil)); err != nil {
		return err
	}
	// The head is read byte by byte: the bytes behind it belong to the endpoint's TLS handshake.
	answer, err := readFinal(bufio.NewReaderSize(&byteReader{nc}, 16))
	if err == nil && answer.Status/100 != 2 {
		err = errors.New("the proxy answered " + statusText(answer.Status))
	}
	return err
}

// byteReader reads no further than it must.
type byteReader struct{ io.Reader }

func (r *byteReader) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:1]
	}
	return r.Reader.Read(p)
}

// proxyCredentials is the value of Proxy-Authorization (RFC 9110, section 11.7.2), "" when the URL has no user.
func proxyCredentials(proxy *url.URL) string {
	if proxy.User == nil {
		return ""
	}
	password, _ := proxy.User.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password))
}

// connectSocks asks a SOCKS5 proxy for a connection (RFC 1928), with a user name and password where there are some (RFC
// 1929). The proxy looks up host names.
func connectSocks(nc net.Conn, to *endpoint) error {
	method := byte(0)
	if to.proxy.User != nil {
		method = 2
	}
	reply := make([]byte, 4)
	if err := exchangeSocks(nc, []byte{5, 1, method}, reply[:2]); err != nil {
		return err
	}
	if reply[0] != 5 || reply[1] != method {
		return errors.New("the proxy offers no authentication method that barb supports")
	}
	if method == 2 {
		password, _ := to.proxy.User.Password()
		name := to.proxy.User.Username()
		if len(name) == 0 || len(name) > 255 || len(password) > 255 {
			return errors.New("the proxy's user name or password is too long")
		}
		ask := append([]byte{1, byte(len(name))}, name...)
		ask = append(append(ask, byte(len(password))), password...)
		if err := exchangeSocks(nc, ask, reply[:2]); err != nil {
			return err
		}
		if reply[1] != 0 {
			return errors.New("the proxy rejects the user name and password")
		}
	}
	ask, err := socksRequest(to)
	if err != nil {
		return err
	}
	if err := exchangeSocks(nc, ask, reply); err != nil {
		return err
	}
	return socksReply(nc, reply)
}

func exchangeSocks(nc net.Conn, ask, reply []byte) error {
	if _, err := nc.Write(ask); err != nil {
		return err
	}
	_, err := io.ReadFull(nc, reply)
	return midway(err)
}

// socksRequest is the request to connect.
func socksRequest(to *endpoint) ([]byte, error) {
	_, text, _ := net.SplitHostPort(to.address)
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || len(to.name) > 255 {
		return nil, fmt.Errorf("SOCKS5 cannot address %s", to.address)
	}
	ask := []byte{5, 1, 0}
	switch ip, err := netip.ParseAddr(to.name); {
	case err != nil:
		ask = append(append(ask, 3, byte(len(to.name))), to.name...)
	case ip.Is4():
		ask = append(append(ask, 1), ip.AsSlice()...)
	default:
		ask = append(append(ask, 4), ip.AsSlice()...)
	}
	return binary.BigEndian.AppendUint16(ask, uint16(port)), nil
}

// socksReply checks the reply and skips the rest of it, the address that the proxy connects from.
func socksReply(nc net.Conn, reply []byte) error {
	rest := 2
	switch {
	case reply[0] != 5:
		return errSocks
	case reply[1] != 0:
		return fmt.Errorf("the proxy could not connect (SOCKS5 reply %d)", reply[1])
	case reply[3] == 1:
		rest += 4
	case reply[3] == 4:
		rest += 16
	case reply[3] == 3:
		length := make([]byte, 1)
		if _, err := io.ReadFull(nc, length); err != nil {
			return midway(err)
		}
		rest += int(length[0])
	default:
		return errSocks
	}
	_, err := io.ReadFull(nc, make([]byte, rest))
	return midway(err)
}
