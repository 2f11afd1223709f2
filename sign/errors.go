package sign

import "errors"

// Reason names why a signature was refused or could not be made. The names are part of the command line's contract.
type Reason string

// The reasons. The first group is about the message, the second about the caller's arguments.
const (
	MissingSignature   Reason = "missing_signature"   // no signature of this scheme and version
	MalformedSignature Reason = "malformed_signature" // a signature is there and cannot be read
	WeakerSignature    Reason = "weaker_signature"    // a stronger signature is there and must be checked instead
	DuplicateHeader    Reason = "duplicate_header"    // signature, timestamp or id header more than once
	DuplicateField     Reason = "duplicate_field"     // a signed field of body, query or form is there more than once
	MissingTimestamp   Reason = "missing_timestamp"
	MalformedTimestamp Reason = "malformed_timestamp"
	TimestampExpired   Reason = "timestamp_expired"   // correctly signed, too long ago
	TimestampInFuture  Reason = "timestamp_in_future" // correctly signed, too far ahead
	MissingID          Reason = "missing_id"          // the signature covers an id, and the message has none
	MalformedID        Reason = "malformed_id"        // the id contains its separator or a character that no id has
	MissingField       Reason = "missing_field"       // a signed header or JSON field is absent
	MalformedField     Reason = "malformed_field"     // a value that is not valid in a header
	MalformedBody      Reason = "malformed_body"      // form fields are signed and the body is no form, or a challenge is
	UnsignedBody       Reason = "unsigned_body"       // nothing in the signature binds this body
	UnsignedComponent  Reason = "unsigned_component"  // an HTTP message signature leaves out a required component
	SignatureMismatch  Reason = "signature_mismatch"
	LengthExtension    Reason = "length_extension"    // a digest extended from a genuine one, without the secret
	WrongSpelling      Reason = "wrong_spelling"      // a genuine signature, written as the provider's own SDK refuses it
	WrongClaim         Reason = "wrong_claim"         // correctly signed, but of another issuer, audience, account or URL
	ForeignCertificate Reason = "foreign_certificate" // the message names a certificate that is not the provider's
	CertificateExpired Reason = "certificate_expired" // the certificate was not valid when the message was signed

	EmptySecret  Reason = "empty_secret"
	WrongKeyForm Reason = "wrong_key_form"
	MissingURL   Reason = "missing_url"   // the signature covers the URL
	MissingParam Reason = "missing_param" // the signature covers a value that is not in the request
)

// Reasons returns every reason, in a fixed order.
func Reasons() []Reason {
	return []Reason{
		MissingSignature, MalformedSignature, WeakerSignature, DuplicateHeader, DuplicateField,
		MissingTimestamp, MalformedTimestamp, TimestampExpired, TimestampInFuture,
		MissingID, MalformedID, MissingField, MalformedField, MalformedBody, UnsignedBody, UnsignedComponent,
		SignatureMismatch, WrongSpelling, LengthExtension, WrongClaim, ForeignCertificate, CertificateExpired,
		EmptySecret, WrongKeyForm, MissingURL, MissingParam,
	}
}

// Error is a refusal with its reason. Detail is for people; it never holds a secret, an expected signature or text
// that the sender wrote.
type Error struct {
	Reason Reason
	Detail string
	Param  string // with MissingParam, the name of the missing param
}

// Error returns the reason, and the detail behind a colon.
func (e *Error) Error() string {
	if e.Detail == "" {
		return string(e.Reason)
	}
	return string(e.Reason) + ": " + e.Detail
}

// refuseTwice returns the refusal of a place with more than one value.
func refuseTwice(p Place) error {
	if p.kind() == "header" {
		return refuse(DuplicateHeader, p.String()+" occurs more than once")
	}
	return refuse(DuplicateField, p.String()+" occurs more than once, or also in another spelling")
}

// isRefusal reports whether err is a refusal with that reason.
func isRefusal(err error, reason Reason) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Reason == reason
}

func refuse(reason Reason, detail string) error { return &Error{Reason: reason, Detail: detail} }
