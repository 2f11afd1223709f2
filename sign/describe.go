package sign

import (
	"slices"
	"strings"
)

// ParamNames returns the params that must be given besides the request and the secret: signed values that are in
// neither, and the values that identify the receiver.
func (s Scheme) ParamNames() []string {
	names := namesIn(s.Content+s.Format, "param")
	if s.Code == "" { // a receiver reads the items from the signature; a sender must be given them
		names = append(names, namesIn(s.Format, "item")...)
	}
	if s.JWT != nil {
		names = append(names, s.JWT.IssuerParam, s.JWT.AudienceParam)
	}
	for _, b := range s.Bound {
		names = append(names, b.Param)
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// namesIn returns the names of one kind in a template: "webhook_id" for the kind param in {param.webhook_id}.
func namesIn(template, kind string) []string {
	var names []string
	for {
		_, after, found := strings.Cut(template, "{"+kind+".")
		if !found {
			return names
		}
		var name string
		name, template, _ = strings.Cut(after, "}")
		names = append(names, name)
	}
}

// TimestampPlace returns where the timestamp travels and its unit in a few words, "" for a scheme without one.
func (s Scheme) TimestampPlace() string {
	if s.Time.Unit == "" {
		return ""
	}
	where := string(s.Time.In)
	switch {
	case where != "":
	case s.JWT != nil:
		where = "iat, nbf and exp of the token"
	case s.Time.Key == "":
		where = "created and expires of Signature-Input"
	default:
		where = "in the signature, after " + s.Time.Key
	}
	return where + "  (" + string(s.Time.Unit) + ")"
}
