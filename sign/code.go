package sign

// Code names a way to make the signed bytes that no template can express. Each has a small file of its own.
type Code string

// The schemes that need code.
const (
	Twilio      Code = "twilio"
	Adyen       Code = "adyen"
	SNS         Code = "aws-sns"
	RFC9421     Code = "rfc9421"
	Contentful  Code = "contentful"
	Hook0       Code = "hook0-v1"
	MercadoPago Code = "mercadopago"
	Braintree   Code = "braintree"
	EasyPost    Code = "easypost"
	Plivo       Code = "plivo-v3"
)

// coder makes the signed bytes of a scheme with a Code. Everything else is in the scheme's row.
type coder interface {
	formula() string // the signed content in words
	// parts returns the signed content of a message to be verified, given r, the message's reading.
	parts(s *Scheme, v *values, r *reading) ([]part, error)
	// compose returns the content to sign of a message to be sent. It may change the URL, body and header of v.m,
	// which is a copy.
	compose(s *Scheme, v *values) ([][]byte, error)
}

// part is one signed content. All parts of a message must be signed with the same key.
type part struct {
	contents   [][]byte // the contents that may have been signed: any of them
	candidates [][]byte // the signatures that may match: any of them
	hash       Hash     // "" for the scheme's own
	alg        string   // the algorithm named by an HTTP message signature; "" when it names none
}

// finisher is a coder that writes the signatures of its content itself and returns the fields.
type finisher interface {
	finish(s *Scheme, v *values, k *key, sigs [][]byte) ([]Field, error)
}

// reader is a coder that finds signatures in its own way.
type reader interface {
	read(s *Scheme, m *Message) (reading, error)
}

func (c Code) coder() coder {
	switch c {
	case Adyen:
		return adyen{}
	case SNS:
		return sns{}
	case RFC9421:
		return rfc9421{}
	case Contentful:
		return contentful{}
	case Hook0:
		return hook0{}
	case MercadoPago:
		return mercadoPago{}
	case Braintree:
		return braintree{}
	case EasyPost:
		return easyPost{}
	case Plivo:
		return plivo{}
	default:
		return twilio{}
	}
}

// Codes returns every code.
func Codes() []Code {
	return []Code{Twilio, Adyen, SNS, RFC9421, Contentful, Hook0, MercadoPago, Braintree, EasyPost, Plivo}
}

// onePart returns the single part of most codes: variants of the content under the signatures of the header.
func onePart(r *reading, contents ...[]byte) []part {
	return []part{{contents: contents, candidates: r.candidates}}
}
