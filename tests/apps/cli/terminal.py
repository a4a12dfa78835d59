"""A program on a terminal of its own: what is typed, and what is seen."""
import os
import pty
import select
import signal
import time


class Terminal:
    def __init__(self, *arguments, environment=None):
        self.seen = ""
        self.code = None
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.execve(arguments[0], arguments, dict(os.environ, **(environment or {})))

    def type(self, text):
        os.write(self.terminal, text.encode())

    def read(self, seconds):
        """What came within that time; False: the program has ended."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # Linux's way to say that nobody is there any more
            return False
        self.seen += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def wait_for(self, text, timeout=60):
        """Waits until it is seen behind what was waited for before; gives what came before it."""
        end = time.monotonic() + timeout
        while text not in self.seen:
            if time.monotonic() > end or not self.read(0.2):
                raise AssertionError(f"{text!r} was not seen, but {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before

    def wait(self, timeout=60):
        """The exit code."""
        end = time.monotonic() + timeout
        while self.read(0.2) and time.monotonic() < end:
            pass
        if time.monotonic() >= end:
            os.kill(self.child, signal.SIGKILL)
        _, status = os.waitpid(self.child, 0)
        os.close(self.terminal)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code
