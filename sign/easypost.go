package sign

import (
	"regexp"
	"sync"
)

// easyPost signs the body with whole numbers in "weight" written as floats. EasyPost's SDKs also bring the secret
// into Unicode form NFKD; barb does not, so only ASCII secrets match. Source:
// https://docs.easypost.com/guides/webhooks-guide and validateWebhook of @easypost/api.
type easyPost struct{}

// wholeWeight matches a weight without a fraction and the white space behind it.
var wholeWeight = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`("weight":\s*)(\d+)(\s*)([,}])`) })

func (easyPost) formula() string { return `{body}, with whole numbers in "weight" written as 136.0` }

func (easyPost) parts(_ *Scheme, v *values, r *reading) ([]part, error) {
	return onePart(r, easyPostContent(v.m.Body)), nil
}

func (easyPost) compose(_ *Scheme, v *values) ([][]byte, error) {
	return [][]byte{easyPostContent(v.m.Body)}, nil
}

func easyPostContent(body []byte) []byte {
	return wholeWeight().ReplaceAll(body, []byte("${1}${2}.0${4}"))
}
