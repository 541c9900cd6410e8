#!/usr/bin/python3
"""What shells complete, what man makes of the manual, and where colours are shown.

    shells_test.py FUNDCTL

bash, zsh and fish are asked. `groff` must find nothing to object to.
"""

import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import unittest

FUNDCTL = None

_BASH = """
source <(PROGRAM completion bash)
COMP_WORDS=(fundctl TYPED)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_fundctl
printf '%s\n' "${COMPREPLY[@]}"
"""

# Without a terminal: what would be offered is printed instead.
_ZSH = """
compdef() { :; }
_describe() { print -l -- "${(@P)4}"; }
_files() { print FILES; }
source <(PROGRAM completion zsh)
words=(fundctl TYPED)
CURRENT=${#words}
_fundctl
"""


def completed(shell, *words):
    """The words that the shell offers for the last one."""
    quoted = " ".join(f"'{word}'" for word in words)
    if shell == "fish":
        script = f"PROGRAM completion fish | source; complete -C \"fundctl {' '.join(words)}\""
    else:
        script = {"bash": _BASH, "zsh": _ZSH}[shell].replace("TYPED", quoted)
    script = script.replace("PROGRAM", f"'{FUNDCTL}'")
    command = {"bash": ["bash", "-c"], "zsh": ["zsh", "-fc"], "fish": ["fish", "-c"]}[shell]
    with tempfile.TemporaryDirectory() as home:
        ran = subprocess.run([*command, script], capture_output=True, text=True, check=True,
                             env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home})
    if ran.stderr:
        raise AssertionError(ran.stderr)
    offered = [line.split(":")[0].split("\t")[0] for line in ran.stdout.splitlines()]
    return [word for word in offered if word.startswith(words[-1])]


class Shells(unittest.TestCase):
    def check(self, shell):
        self.assertEqual(completed(shell, "acc"), ["account"])
        self.assertEqual(set(completed(shell, "trace", "ex")), {"explain", "export"})
        self.assertIn("--verdict", completed(shell, "trace", "export", "--ver"))
        self.assertEqual(set(completed(shell, "trace", "export", "--verdict", "")),
                         {"ALLOW", "HOLD", "BLOCK"})
        self.assertEqual(set(completed(shell, "completion", "")) & {"bash", "zsh", "fish"},
                         {"bash", "zsh", "fish"})

    def test_bash(self):
        self.check("bash")
        self.assertIn("--address", completed("bash", "trace", "export", "--a"))

    def test_zsh(self):
        self.check("zsh")

    def test_fish(self):
        self.check("fish")


class Manual(unittest.TestCase):
    def test_every_page_is_sound_roff_and_no_verb_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([FUNDCTL, "manual", "--to", folder], check=True, capture_output=True)
            pages = sorted(pathlib.Path(folder).iterdir())
            names = {page.name for page in pages}
            for verb in ("", "-trace", "-top", "-account", "-breaker", "-manual"):
                self.assertIn(f"fundctl{verb}.1", names)
            for page in pages:
                ran = subprocess.run(["groff", "-man", "-Tutf8", "-ww", str(page)],
                                     capture_output=True, text=True, check=True)
                self.assertEqual(ran.stderr, "", page.name)
                self.assertIn("NAME", re.sub(".\b", "", ran.stdout))

    def test_it_says_what_help_says(self):
        page = subprocess.run([FUNDCTL, "manual", "trace"], capture_output=True, text=True,
                              check=True).stdout.replace("\\-", "-")
        said = subprocess.run([FUNDCTL, "trace", "export", "--help"], capture_output=True,
                              text=True, check=True).stdout
        for words in said.split():
            if words.startswith("--"):
                self.assertIn(words, page)


class Colours(unittest.TestCase):
    def read_through_terminal(self, *words, **variables):
        """What the command writes to a terminal."""
        ours, theirs = pty.openpty()
        environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        with subprocess.Popen([FUNDCTL, *words], stdout=theirs, stderr=subprocess.DEVNULL,
                              env={**environment, "TERM": "xterm", **variables}) as process:
            os.close(theirs)
            text = b""
            try:
                while block := os.read(ours, 4096):
                    text += block
            except OSError:  # the other end is closed
                pass
            process.wait()
        os.close(ours)
        return text

    def test_they_are_shown_on_a_terminal_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "profiles.toml")
            file.write_text("default = \"here\"\n[here]\naddress = \"127.0.0.1:1\"\n")
            words = ("--profiles", str(file), "profile", "list")
            self.assertIn(b"\x1b[", self.read_through_terminal(*words))
            self.assertNotIn(b"\x1b[", self.read_through_terminal(*words, NO_COLOR="1"))
            self.assertNotIn(b"\x1b[", self.read_through_terminal(*words, TERM="dumb"))
            self.assertNotIn(b"\x1b[",
                             self.read_through_terminal("--colour", "never", *words))
            piped = subprocess.run([FUNDCTL, *words], capture_output=True, check=True).stdout
            self.assertNotIn(b"\x1b[", piped)
            self.assertIn(b"here", piped)


if __name__ == "__main__":
    FUNDCTL = sys.argv.pop()
    unittest.main()
