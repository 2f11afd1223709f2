package advice

import (
	"cmp"
	"errors"

	"github.com/barbhq/barb/commands/fail"
	"github.com/barbhq/barb/deliver/signer"
	"github.com/barbhq/barb/sign"
)

// ofSign gives a refusal of the sign package its exit code and remedy. Only what the caller gave can fail here;
// what a message's signature fails by is a verdict, not an error.
func ofSign(e *sign.Error) *fail.Error {
	switch e.Reason {
	case sign.MissingURL:
		return fail.Usage("%w", Detail(e)).Hint("--url https://example.com/webhooks, exactly as the sender knows it")
	case sign.MissingParam:
		return fail.Usage("%w", Detail(e)).Hintf("--param %s=VALUE", cmp.Or(e.Param, "NAME"))
	case sign.MissingID:
		return fail.Usage("%w", Detail(e)).Hint("--id msg_1")
	}
	return fail.Usage("%w", Detail(e))
}

// ofSigner gives a request that cannot be signed its exit code and remedy. Where nothing better helps, the hint names
// the page that says what the scheme signs.
func ofSigner(e *signer.Error) *fail.Error {
	f := Of(e.Err)
	if len(f.Hints) == 0 && f.Code == fail.ExitUsage {
		return f.Hintf("barb schemes %s says what is signed", e.Scheme.Name)
	}
	return f
}

// Detail returns the text of a refusal without the name of its reason.
func Detail(err error) error {
	if e, ok := errors.AsType[*sign.Error](err); ok && e.Detail != "" {
		return errors.New(e.Detail)
	}
	return err
}
