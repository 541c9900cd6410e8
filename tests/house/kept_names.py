#!/usr/bin/python3
"""Proves that files which are compiled together don't share a name that each keeps to itself.

    kept_names.py BUILD_FOLDER

Two functions of one name in the unnamed namespaces of two files are overloads when the files are
compiled together: a call may silently mean the other file's. So one of them gets another name, or
its file is compiled apart (cmake/FundgateUnity.cmake). Conversions (ToProto and the like) are
overloads on purpose, and an alias may be declared again if it is the same.
"""

import json
import os
import pathlib
import re
import sys

import repository
import units

_KEPT = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.DOTALL | re.MULTILINE)
# What begins at the left of a line and defines something: types, aliases, constants, functions.
_DEFINITIONS = [re.compile(expression) for expression in (
    r"(?:class|struct|enum class|union)\s+(\w+)",
    r"using\s+(\w+)\s*=",
    r"(?:constexpr|const|constinit)\b.*?\b(k[A-Z]\w*)\b",
    r"[\w:<>,*& ]+?[ *&>](\w+)\(",
)]
_ON_PURPOSE = {"ToProto", "FromProto", "ToCore"}


def kept_names(text):
    """What a file's text keeps to itself: {name: the line that defines it}."""
    found = {}
    for body in _KEPT.findall(text):
        for line in body.splitlines():
            if not line or line[0] in " }#/" or line.startswith(("TEST", "template")):
                continue
            for expression in _DEFINITIONS:
                if match := expression.match(line):
                    found.setdefault(match.group(1), line)
                    break
    return found


def shared_names(files):
    """Sentences about names that several of these files, compiled together, keep to themselves.

    `files`: {name of the file: its text}, in the order in which they are compiled.
    """
    seen = {}
    for name, text in files.items():
        for kept, line in kept_names(text).items():
            before = seen.setdefault(kept, (name, line))
            same_alias = line.startswith("using ") and line == before[1]
            if before[0] != name and not same_alias and kept not in _ON_PURPOSE:
                yield (f"{name}: keeps the name {kept} to itself, and so does {before[0]}, with"
                       " which it is compiled; give one of them another name, or list the file in"
                       " cmake/FundgateUnity.cmake")


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    build = pathlib.Path(sys.argv[1]).resolve()
    found, together = [], 0
    for entry in json.loads((build / "compile_commands.json").read_text()):
        members = units.members(os.path.normpath(os.path.join(entry["directory"], entry["file"])))
        if len(members) > 1:
            together += 1
            found += shared_names({os.path.relpath(path, repository.ROOT):
                                   pathlib.Path(path).read_text() for path in members})
    if together == 0:
        found.append(f"{sys.argv[1]} compiles no files together: is it the preset release?")
    for sentence in found:
        print(sentence)
    print(f"{together} times several files together, {len(found)} names shared")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
