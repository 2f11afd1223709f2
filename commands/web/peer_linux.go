package web

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// isOthers reports whether a connection is known to be another user's: its other end is in the tables of /proc/net.
func isOthers(peer, here net.Addr) bool {
	for _, path := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if uid, ok := ownerIn(path, peer, here); ok {
			return uid != os.Geteuid()
		}
	}
	return false
}

// ownerIn returns the user id of the socket with a local and a remote address in one of the tables.
func ownerIn(path string, local, remote net.Addr) (uid int, ok bool) {
	file, err := os.Open(path)
	if err != nil {
		return 0, false
	}
	defer file.Close()
	from, to := addrPort(local), addrPort(remote)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 8 || tableAddr(fields[1]) != from || tableAddr(fields[2]) != to {
			continue
		}
		if uid, err = strconv.Atoi(fields[7]); err == nil {
			return uid, true
		}
	}
	return 0, false
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap().WithZone(""), at.Port())
}

// tableAddr reads 0100007F:0FC8: words of an address in the machine's order, and the port in hex.
func tableAddr(text string) netip.AddrPort {
	address, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(address)
	n, errPort := strconv.ParseUint(port, 16, 16)
	if err != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	addr, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n))
}
