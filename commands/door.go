package commands

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/barbhq/barb/listen"
	"github.com/barbhq/barb/store/record"
)

// admit is listen's question whether a request is taken.
func (e *entrance) admit(string, *record.Request) listen.Admission {
	if e.limit == nil {
		return listen.Admission{}
	}
	place := e.limit.Reserve()
	wait := place.Delay()
	if wait == 0 {
		return listen.Admission{}
	}
	place.Cancel()
	return listen.Admission{Status: 429, RetryAfter: wait, Reason: "rate_limited"}
}

// allows is listen's question whether a connection is taken: whether its address is one of those that are let in.
func (e *entrance) allows(remote string) bool {
	if len(e.allow) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := from.Addr().Unmap().WithZone("")
	for _, p := range e.allow {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// prefixesValue is a list of address ranges on the command line: 10.0.0.0/8,192.168.1.7.
type prefixesValue []netip.Prefix

func (v *prefixesValue) String() string {
	words := make([]string, 0, len(*v))
	for _, p := range *v {
		words = append(words, p.String())
	}
	return strings.Join(words, ",")
}

func (v *prefixesValue) Type() string { return "cidr" }

// Set adds ranges with commas between them; an address is a range of one.
func (v *prefixesValue) Set(s string) error {
	for text := range strings.SplitSeq(s, ",") {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if ip, ipErr := netip.ParseAddr(text); ipErr == nil && !strings.Contains(text, "/") {
			prefix, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		switch plain := plainRange(text); {
		case plain == "", plain == text && err != nil:
			return fmt.Errorf("%q is not an address or a range such as 192.0.2.0/24", text)
		case plain != text:
			return fmt.Errorf("%q has a zone or is IPv4 as IPv6, which no sender's address has here; write %s", text, plain)
		}
		*v = append(*v, prefix.Masked())
	}
	return nil
}

// plainRange is an address or a range without a zone, which no range can have, and as one of IPv4 where it stands for that;
// "" for what is neither.
func plainRange(text string) string {
	address, bits, ranged := strings.Cut(text, "/")
	address, _, zoned := strings.Cut(address, "%")
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		return ""
	case !zoned && !ip.Is4In6():
		return text
	case !ranged:
		return ip.Unmap().String()
	}
	n, err := strconv.Atoi(bits)
	if ip.Is4In6() {
		n -= 96
	}
	prefix, badBits := ip.Unmap().Prefix(n)
	if err != nil || badBits != nil {
		return ""
	}
	return prefix.String()
}
