package browser

import (
	"os/exec"
	"syscall"
)

// endWithParent has a program end when this one does, however it ends.
func endWithParent(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
