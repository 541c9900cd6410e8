#!/usr/bin/python3
"""Compiles the C++ examples of the docs, as they stand there, against the public headers.

What an example calls of its reader's own code is declared here.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

import repository

_README = """
absl::Status TellTheBank(const fundgate::client::CheckRequest& request);
"""
_CLIENTS = """
struct Order { std::string refund_number, merchant, number; };
enum class Bank { kDone, kRefused, kUnknown };
Bank StartRefundAtTheBank(const Order& order, const fundgate::Money& amount);
"""
# Each page with C++ in it, and what its examples take for granted.
PAGES = {"README.md": _README, "docs/clients.md": _CLIENTS}

_BLOCK = re.compile(r"^```cpp\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMPILER = ["c++", "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-return-type",
             "-Wno-unused-function", "-Werror", "-x", "c++"]


def examples(text):
    """Each C++ block with its first line's number."""
    return [(text[:block.start()].count("\n") + 2, block.group(1))
            for block in _BLOCK.finditer(text)]


def objection(declarations, line, code, page):
    """What the compiler has against it; empty if nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "example.cc")
        file.write_text(f'#include <string>\n#include "fundgate/client.h"\n{declarations}\n'
                        f'#line {line} "{page}"\n{code}')
        ran = subprocess.run([*_COMPILER, "-I", str(repository.ROOT / "include"), str(file)],
                             capture_output=True, text=True, check=False)
        return "" if ran.returncode == 0 else ran.stderr


def main():
    failed = False
    if not objection("", 1, "fundgate::client::NoSuchThing thing;\n", "canary"):
        print("the compiler found nothing wrong with a fault that was planted")
        failed = True
    for page, declarations in PAGES.items():
        found = examples((repository.ROOT / page).read_text())
        if not found:
            print(f"{page}: has no C++ example any more; take it off the list")
            failed = True
        for line, code in found:
            said = objection(declarations, line, code, page)
            if said:
                print(f"{page}:{line}: the example doesn't compile:\n{said}")
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
