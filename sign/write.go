package sign

import "strings"

// write returns the value of one header with signatures, timestamp and items.
func (s *Scheme) write(sigs [][]byte, v *values) (string, error) {
	value := make([]byte, 0, 128)
	var err error
	if s.Format == "" {
		value = s.Enc.encode(append(value, s.Prefix...), sigs[0])
	} else if value, err = s.appendFormat(value, s.Format, sigs[0], v); err != nil {
		return "", err
	}
	for _, sig := range sigs[1:] {
		if value, err = s.appendFormat(value, s.More, sig, v); err != nil {
			return "", err
		}
	}
	return string(value), nil
}

func (s *Scheme) appendFormat(dst []byte, format string, sig []byte, v *values) ([]byte, error) {
	for p := range Pieces(format) {
		name, isItem := strings.CutPrefix(p.Text, "item.")
		switch {
		case p.Named && p.Text == "sig":
			dst = s.Enc.encode(dst, sig)
		case p.Named && p.Text == "ts":
			dst = append(dst, v.time...)
		case p.Named && isItem:
			item, ok := v.item(name)
			if !ok {
				return dst, missingParam(name, " is part of the signature's header, so it must be given")
			}
			if s.Split != "" && strings.ContainsAny(item, s.Split) || CheckValue(MissingParam, name, item) != nil {
				return dst, &Error{Reason: MissingParam, Param: name,
					Detail: name + " is part of the signature's header, so it must be one word"}
			}
			dst = append(dst, item...)
		default:
			dst = append(dst, p.Text...)
		}
	}
	return dst, nil
}

// CheckValue refuses a header value with control characters, or with white space at its ends, which no receiver
// would see. The error is an *Error with that reason; its text calls the value what.
func CheckValue(reason Reason, what, value string) error {
	if strings.Trim(value, " \t") != value {
		return refuse(reason, what+" begins or ends with white space")
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c == 0x7f {
			return refuse(reason, what+" holds a control character")
		}
	}
	return nil
}

// ReadsBack reports whether the scheme can read the signature header that it writes, with two signatures where
// there is room for them.
func (s Scheme) ReadsBack() bool {
	const stamp = "1700000000"
	sigs := [][]byte{[]byte(strings.Repeat("x", max(s.signatureSize(), 1))),
		[]byte(strings.Repeat("y", max(s.signatureSize(), 1)))}
	if s.More == "" {
		sigs = sigs[:1]
	}
	var r reading
	value, err := s.write(sigs, &values{time: stamp, item: func(string) (string, bool) { return "x", true }})
	if err == nil {
		err = s.readValue(value, &r)
	}
	return err == nil && len(r.candidates) >= len(sigs) && (s.Time.Key == "" || r.time == stamp)
}
