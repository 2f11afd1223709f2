package schema

// SecretName is one line of barb secret list. It holds no secret.
type SecretName struct {
	Schema int    `json:"schema"`
	Name   string `json:"name"`
	Ref    string `json:"ref"`
}

// NewSecretName returns the line of a secret in the keyring.
func NewSecretName(name string) SecretName {
	return SecretName{Schema: 1, Name: name, Ref: "keyring:" + name}
}
