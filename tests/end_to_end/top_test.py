#!/usr/bin/python3
"""fundctl top stays on the terminal while its gate is killed and started again."""

import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FUNDGATE_BUILD", ROOT / "build" / "release"))
SILENCE = b"NO ANSWER from"


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, *command):
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "TERM": "xterm"})
        os.close(theirs)

    def read_page(self):
        """The next page: all that is written before the cursor goes home again."""
        text = b""
        while not text.endswith(b"\x1b[J"):
            text += os.read(self.ours, 1)
        return text

    def read_until(self, holds):
        """The next page of which that is true."""
        while not holds(page := self.read_page()):
            pass
        return page

    def end(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait()
        os.close(self.ours)
        return code


class Gate:
    """A gate that serves, on any port or on one that is known already."""

    def __init__(self, folder, listen="127.0.0.1:0"):
        self.process = subprocess.Popen(
            [BUILD / "bin" / "fundgated", "--data", folder, "--listen", listen, "--policy",
             ROOT / "config" / "policy.yaml"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        words = self.process.stdout.readline().split()
        self.address = next(word for word in words if word.startswith("127.0.0.1:"))

    def kill(self):
        self.process.kill()
        self.process.communicate()


class Top(unittest.TestCase):
    def test_it_waits_for_a_gate_that_comes_back(self):
        with tempfile.TemporaryDirectory() as folder:
            gate = Gate(folder)
            top = Terminal(BUILD / "bin" / "fundctl", "--address", gate.address, "top", "--every",
                           "0.2")
            try:
                first = top.read_until(lambda page: b"SOURCE" in page)
                self.assertNotIn(SILENCE, first)
                gate.kill()
                silent = top.read_until(lambda page: SILENCE in page)
                self.assertIn(gate.address.encode(), silent)
                self.assertIn(b"SOURCE", silent)  # what it said last
                gate = Gate(folder, gate.address)
                top.read_until(lambda page: SILENCE not in page and b"SOURCE" in page)
                self.assertEqual(top.end(), 0)
            finally:
                top.process.kill()
                gate.kill()

    def test_a_gate_that_never_answered_ends_it(self):
        top = Terminal(BUILD / "bin" / "fundctl", "--address", "127.0.0.1:1", "top")
        self.assertEqual(top.process.wait(), 3)
        os.close(top.ours)


if __name__ == "__main__":
    unittest.main()
