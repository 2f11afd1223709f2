package sign

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/barbhq/barb/sign/rawjson"
)

// sns signs fields of its JSON, with a line for each name and each value. The message names its hash and the
// address of its certificate, which must be Amazon's. Source:
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html and the sns-validator package.
type sns struct{}

// The signed fields of a notification, and of the messages around a subscription. An absent Subject is left out.
var (
	snsNotification = [...]string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	snsSubscription = [...]string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
)

func (sns) formula() string {
	return "Message, MessageId, Subject or SubscribeURL, Timestamp, Token, TopicArn and Type, name and value a line each"
}

func (sns) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	if address, _ := rawjson.Once(v.m.Body, "SigningCertURL"); !isAmazons(address) {
		return nil, refuse(ForeignCertificate, "SigningCertURL is not an address of Amazon SNS")
	}
	if version, _ := rawjson.Once(v.m.Body, "SignatureVersion"); version != "1" && version != "2" {
		return nil, refuse(MalformedSignature, "SignatureVersion is neither 1 nor 2")
	}
	content, err := snsContent(v.m.Body)
	return []part{{contents: [][]byte{content}, candidates: r.candidates, hash: snsHash(v.m)}}, err
}

// snsHash returns SHA-1 for version 1, SHA-256 for version 2.
func snsHash(m *Message) Hash {
	if version, _ := rawjson.Once(m.Body, "SignatureVersion"); version == "2" {
		return SHA256
	}
	return SHA1
}

// isAmazons reports whether Amazon publishes its certificates at an address. Nothing is fetched.
func isAmazons(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !strings.HasSuffix(u.Path, ".pem") {
		return false
	}
	region, ok := strings.CutPrefix(u.Host, "sns.")
	region = strings.TrimSuffix(strings.TrimSuffix(region, ".cn"), ".amazonaws.com")
	return ok && len(region) >= 3 && strings.Trim(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" &&
		strings.Contains(u.Host, ".amazonaws.com")
}

// compose adds missing fields that every SNS message has.
func (sns) compose(_ *Scheme, v *values) ([][]byte, error) {
	topic, _, _ := strings.Cut(cmp.Or(v.m.Params["topic_arn"], "arn:aws:sns:us-east-1:000000000000:barb"), ",")
	for _, f := range [...]Field{
		{"Type", "Notification"}, {"MessageId", v.id}, {"TopicArn", topic}, {"Message", ""},
		{"SignatureVersion", "1"},
		{"SigningCertURL", "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-barb.pem"},
	} {
		if _, there, err := bodyField(v.m.Body, f.Name); there || err != nil {
			continue
		}
		if err := Place("json:"+f.Name).write(v.m, f.Value); err != nil {
			return nil, err
		}
	}
	content, err := snsContent(v.m.Body)
	return [][]byte{content}, err
}

// snsContent returns a line for each name and each value. Only the first value, the message, may hold line breaks:
// any other could pass for the lines that follow.
func snsContent(body []byte) ([]byte, error) {
	names := snsSubscription[:]
	switch kind, _ := rawjson.Once(body, "Type"); kind {
	case "Notification":
		names = snsNotification[:]
	case "SubscriptionConfirmation", "UnsubscribeConfirmation":
	default:
		return nil, refuse(MalformedBody, "Type is not one of those that Amazon SNS sends")
	}
	var out []byte
	for _, name := range names {
		value, there, err := bodyField(body, name)
		switch {
		case err != nil:
			return nil, err
		case name != "Message" && strings.Contains(value, "\n"):
			return nil, refuse(MalformedField, "body field "+name+" contains a line break, which separates the signed parts")
		case there:
			out = append(out, name+"\n"+value+"\n"...)
		case name != "Subject":
			return nil, refuse(MissingField, "body field "+name+" is signed but missing")
		}
	}
	return out, nil
}
