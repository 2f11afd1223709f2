package child

import "syscall"

// dieWithParent has the kernel kill the program when barb is killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }

// groupIsAlive is false: the marks of the processes say more, and a group also holds the dead that nobody waits for.
func (c *Child) groupIsAlive() bool { return false }
