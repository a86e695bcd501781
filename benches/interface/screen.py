"""A terminal of 200×60 in which the interface runs, as a user's would: bytes in, bytes out."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

ROWS, COLUMNS = 60, 200


class Screen:
    def __init__(self, program, *arguments, folder):
        self.began = time.monotonic()
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.chdir(folder)
            os.environ["TERM"] = "xterm-256color"
            os.execv(program, [program, *map(str, arguments)])
        self.seen = b""

    def read(self, seconds):
        """What is written within so many seconds; returns as soon as something was."""
        if not select.select([self.terminal], [], [], max(0, seconds))[0]:
            return b""
        try:
            written = os.read(self.terminal, 1 << 20)
        except OSError:
            raise SystemExit("the interface has ended") from None
        self.seen += written
        return written

    def wait(self, *words, seconds=60):
        """Seconds since the start when one of the words came onto the screen."""
        until = time.monotonic() + seconds
        while not any(word.encode() in self.seen for word in words):
            if time.monotonic() > until:
                raise SystemExit(f"none of {words} was shown within {seconds} s")
            self.read(0.5)
        return time.monotonic() - self.began

    def press(self, key):
        """Seconds from a key to what it changed; None where nothing came within a second."""
        # What is under way is not the answer to it.
        while self.read(0):
            pass
        began = time.monotonic()
        os.write(self.terminal, key.encode())
        return time.monotonic() - began if self.read(1) else None

    def written(self, seconds):
        """How many bytes are written within so many seconds."""
        until, count = time.monotonic() + seconds, 0
        while (left := until - time.monotonic()) > 0:
            count += len(self.read(left))
        return count

    def end(self):
        os.kill(self.child, signal.SIGTERM)
        while True:
            try:
                self.read(0.1)
            except SystemExit:
                break
        os.waitpid(self.child, 0)
        os.close(self.terminal)
