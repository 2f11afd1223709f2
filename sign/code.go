package sign

// Code names a way to make the signed bytes that no template can express. There is a small file for each.
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

// coder is what the code of a scheme knows. Everything else is in its row, and done as for any other row.
type coder interface {
	formula() string  // what is signed, in words
	coversBody() bool // whether the body is part of it
	// parts returns what a message that is being verified says is signed, given what its signature says (r).
	parts(s *Scheme, v *values, r *reading) ([]part, error)
	// compose returns what is to be signed of a message that is being sent. It may change the message (v.m, a copy) to
	// what will be sent: its URL, body and header.
	compose(s *Scheme, v *values) ([][]byte, error)
}

// part is one thing that is signed. All parts of a message must hold under one key.
type part struct {
	contents   [][]byte // the bytes that may have been signed: any of them
	candidates [][]byte // the signatures that may be of them: any of them
	hash       Hash     // "" for the scheme's own
	alg        string   // what an HTTP message signature says it is made with; "" when it does not
}

// finisher is a coder that writes the signatures of what it composed by itself. It returns the fields it made.
type finisher interface {
	finish(s *Scheme, v *values, k *key, sigs [][]byte) ([]Field, error)
}

// reader is a coder whose signatures are not found the usual way.
type reader interface {
	read(s *Scheme, m *Message) (reading, error)
}

// hasher is a coder of messages that say themselves which hash they are signed with.
type hasher interface {
	hash(m *Message) Hash
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

// Codes returns every code there is.
func Codes() []Code {
	return []Code{Twilio, Adyen, SNS, RFC9421, Contentful, Hook0, MercadoPago, Braintree, EasyPost, Plivo}
}

// onePart is the one thing that most codes know of: some variants of content, under the signatures of the header.
func onePart(r *reading, contents ...[]byte) []part {
	return []part{{contents: contents, candidates: r.candidates}}
}
