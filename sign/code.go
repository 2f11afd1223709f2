package sign

// Code names a way to make the signed bytes that no template can express.
type Code string

// Twilio is the code of twilio.go.
const Twilio Code = "twilio"

// content makes the bytes to sign, and the URL to send to when that changes.
func (c Code) content(m *Message) (content []byte, url string, err error) { return twilioContent(m) }

// contents makes every variant of the bytes that may have been signed.
func (c Code) contents(m *Message) ([][]byte, error) { return twilioContents(m) }

func (c Code) formula() string {
	return "{url} and the sorted fields of the form, or {url} with bodySHA256"
}
