package commands

import "syscall"

// dieWithParent has the kernel end the command when barb is killed. It goes by the thread that starts the command, which
// must therefore outlive it.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
