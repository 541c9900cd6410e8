"""What compiles each file of the project, and what its preprocessor reads for it.

A build compiles several files at a time, so neither its commands nor its lists of what was read are
of one file: both are made here, the first from the build's own commands, the second by clang's
scanner, which preprocesses a file by itself and reads each header once for all of them.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

_SCANNER = "clang-scan-deps-14"
# The scanner looks for the language's headers from where the compiler lies: by its bare name it
# finds them in "/include", where nothing is.
_COMPILER = shutil.which("clang++") or "/usr/bin/clang++"
_MEMBER = re.compile(r'^#include "(.+)"$', re.MULTILINE)


class Command:
    """How one file is compiled: its path, the arguments with the compiler first, and where."""

    def __init__(self, path, arguments, folder):
        self.path, self.arguments, self.folder = path, arguments, folder


def _words(command):
    """The arguments without a launcher before the compiler."""
    words = shlex.split(command)
    while os.path.basename(words[0]) in ("ccache", "nice", "env"):
        words = words[1:]
    return words


def members(path):
    """The files that are compiled as `path`: itself, or those that it brings together."""
    if pathlib.Path(path).parent.name != "Unity" or not os.path.exists(path):
        return [path]
    return [os.path.normpath(name) for name in _MEMBER.findall(pathlib.Path(path).read_text())]


def commands(build):
    """Each source that a build compiles, by itself or together with others, as {path: Command}."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        folder, words = entry["directory"], _words(entry["command"])
        path = os.path.normpath(os.path.join(folder, entry["file"]))
        for member in members(path):
            own = [member if os.path.normpath(os.path.join(folder, word)) == path else word
                   for word in words]
            found.setdefault(member, Command(member, own, folder))
    return found


def search_path(known):
    """The options of all commands that say where headers are looked for."""
    options = []
    for command in known.values():
        words = iter(command.arguments)
        for word in words:
            if word == "-isystem":
                option = [word, next(words)]
            elif word.startswith("-I"):
                option = [word]
            else:
                continue
            if option not in options:
                options.append(option)
    return [word for option in options for word in option]


def header_command(path, known, folder):
    """What compiles a header by itself."""
    return Command(path, ["c++", *search_path(known), "-std=c++20", "-x", "c++", path], folder)


def reads(all_commands):
    """What is read for each of the commands' files, itself first: {path: [path, ...]}."""
    database = []
    for command in all_commands:
        flags = search_path({"": command})
        database.append({"directory": command.folder, "file": command.path, "arguments": [
            _COMPILER, *flags, "-std=c++20", "-fsyntax-only", "-x", "c++", command.path]})
    with tempfile.TemporaryDirectory() as folder:
        listed = pathlib.Path(folder, "compile_commands.json")
        listed.write_text(json.dumps(database))
        ran = subprocess.run([_SCANNER, f"-compilation-database={listed}", "-format=make"],
                             capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"{_SCANNER} can't read what the build compiles:\n{ran.stderr[:4000]}")
    found = {}
    for rule in ran.stdout.replace("\\\n", " ").splitlines():
        paths = [os.path.normpath(path) for path in rule.partition(": ")[2].split()]
        if paths:
            found[paths[0]] = paths
    return found
