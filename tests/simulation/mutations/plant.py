#!/usr/bin/python3
"""Writes copies of the project's sources in which faults can be planted at run time.

    plant.py files                 prints the sources that mutations.toml changes
    plant.py write FOLDER          writes them, and mutations.cc, into FOLDER

Each entry of mutations.toml has a name, what it breaks, a file, the code as it `was` and what it
`becomes`. Code is found however it is broken into lines, and must stand in the file just once. If
it is a statement (it ends with ';'), the copy does one or the other; else it is an expression, and
the copy takes the value of one or the other. Where neither fits, `becomes` is the new code itself,
with PLANTED standing for whether the fault is planted.
"""

import pathlib
import re
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LIST = HERE / "mutations.toml"


def mutations():
    return tomllib.loads(LIST.read_text(encoding="utf-8"))["mutation"]


def place(text, mutation):
    """Where the code stands, as (start, end)."""
    words = re.findall(r"\w+|[^\w\s]", mutation["was"])
    # Words stay apart; around everything else there may be any space.
    pattern = r"\s*".join(re.escape(word) for word in words)
    if words[0][0].isalnum():
        pattern = r"(?<!\w)" + pattern
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        sys.exit(f"{LIST.name}: {mutation['name']}: its code stands in {mutation['file']} "
                 f"{len(found)} times, not once; change `was` after the code")
    return found[0].span()


def planted(numbered, was):
    """The code that stands for `was`, with every fault that can be planted there."""
    code = was
    for number, mutation in reversed(numbered):
        here = f"(::fundgate::simulation::planted == {number})"
        becomes = mutation["becomes"].strip()
        if "PLANTED" in becomes:
            code = becomes.replace("PLANTED", here)
        elif was.rstrip().endswith(";"):
            code = f"if {here} {{ {becomes} }} else {{ {code} }}"
        else:
            code = f"({here} ? ({becomes}) : ({code}))"
    return code


def mutated(name, numbered):
    text = (ROOT / name).read_text(encoding="utf-8")
    spans = {}
    for number, mutation in numbered:
        spans.setdefault(place(text, mutation), []).append((number, mutation))
    ordered = sorted(spans)
    for (_, end), (start, _) in zip(ordered, ordered[1:]):
        if start < end:
            names = [mutation["name"] for span in spans.values() for _, mutation in span]
            sys.exit(f"{LIST.name}: two faults overlap in {name}: {', '.join(names)}")
    for start, end in reversed(ordered):
        text = text[:start] + planted(spans[(start, end)], text[start:end]) + text[end:]
    return (f"namespace fundgate::simulation {{\nextern int planted;\n}}\n"
            f"#line 1 \"{name}\"\n{text}")


def table():
    lines = [f'      {{"{m["name"]}", "{m["breaks"]}"}},' for m in mutations()]
    return """#include "tests/simulation/mutation.h"

namespace fundgate::simulation {

extern int planted;
int planted = 0;

const std::vector<Mutation>& Mutations() {
  static const std::vector<Mutation> kMutations = {
""" + "\n".join(lines) + """
  };
  return kMutations;
}

void Plant(int number) { planted = number; }

}  // namespace fundgate::simulation
"""


def main():
    by_file = {}
    for number, mutation in enumerate(mutations(), 1):
        by_file.setdefault(mutation["file"], []).append((number, mutation))
    if sys.argv[1:] == ["files"]:
        print("\n".join(sorted(by_file)))
    elif len(sys.argv) == 3 and sys.argv[1] == "write":
        out = pathlib.Path(sys.argv[2])
        written = {"mutations.cc": table()}
        written |= {name: mutated(name, numbered) for name, numbered in by_file.items()}
        for name, text in written.items():
            path = out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            # Untouched where nothing has changed, so that it isn't compiled again.
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
