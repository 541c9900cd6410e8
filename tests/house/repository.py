#!/usr/bin/python3
"""Lists the project's own files: what the house checks look at.

As a program it prints paths relative to the root, one a line:
    repository.py [--suffix .cc]... [--shebang bash]...
"""

import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Never ours, where no git says so (a source archive).
_SKIPPED_FOLDERS = {".git", "build", "run", "__pycache__"}


def files(root=ROOT):
    """Paths of all files of the project, relative to `root`, sorted: what git has or would add."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False) if (root / ".git").exists() else None
    if listed is not None and listed.returncode == 0:
        names = {name for name in listed.stdout.decode().split("\0") if name}
        return sorted(name for name in names if (root / name).is_file())
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _SKIPPED_FOLDERS]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def read(name, root=ROOT):
    """The text of a file, or None if it is not text."""
    content = (root / name).read_bytes()
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def interpreter(name, root=ROOT):
    """The name of the program that a script names in its first line, or "" for other files."""
    with open(root / name, "rb") as file:
        first = file.readline(200)
    if not first.startswith(b"#!"):
        return ""
    words = first[2:].decode(errors="replace").split()
    return os.path.basename(words[-1] if words else "")


def main():
    parser = argparse.ArgumentParser(description="Lists the project's own files.")
    parser.add_argument("--suffix", action="append", default=[])
    parser.add_argument("--shebang", action="append", default=[])
    options = parser.parse_args()
    everything = not options.suffix and not options.shebang
    for name in files():
        if (everything or name.endswith(tuple(options.suffix))
                or (options.shebang and interpreter(name) in options.shebang)):
            print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
