//go:build !unix

package live

// OnContinue calls back each time the process goes on after it was stopped; without job control never.
func OnContinue(func()) (stop func()) { return func() {} }

// Stop does nothing: there is no job control.
func Stop() {}
