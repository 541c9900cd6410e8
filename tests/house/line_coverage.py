#!/usr/bin/python3
"""Says how many lines of some folders ran, by what GCC's counters left behind.

    line_coverage.py BUILD_FOLDER [--least PERCENT] [--lines] FOLDER...

A line counts once, however many programs have it: it ran if it ran in one of them. Fails if fewer
than PERCENT of a folder's lines ran, or if a source of the folder was compiled into nothing.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

import repository


def counts_of(build, notes):
    """What one object counted: lines with how often they ran, by source file."""
    command = ["gcov", "--json-format", "--stdout", str(notes)]
    found = subprocess.run(command, cwd=build, capture_output=True, text=True, check=True)
    for text in found.stdout.splitlines():
        for source in json.loads(text)["files"]:
            yield source["file"], {line["line_number"]: line["count"] for line in source["lines"]}


def merged(build, folders):
    """Of each source in the folders, each line with how often it ran in all objects together."""
    lines = collections.defaultdict(collections.Counter)
    for notes in sorted(build.rglob("*.gcno")):
        for name, counted in counts_of(build, notes):
            path = pathlib.Path(build, name).resolve()
            if not path.is_relative_to(repository.ROOT):
                continue
            inside = str(path.relative_to(repository.ROOT))
            if any(inside.startswith(folder + "/") for folder in folders):
                lines[inside].update(counted)
    return lines


def sources_of(folder):
    return [str(path.relative_to(repository.ROOT))
            for path in sorted(pathlib.Path(repository.ROOT, folder).rglob("*.cc"))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--least", type=float, default=0)
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args()
    lines = merged(options.build.resolve(), options.folders)
    is_enough = True
    for folder in options.folders:
        for source in sources_of(folder):
            if source not in lines:
                print(f"{source} is in no program that ran")
                is_enough = False
        own = {name: counted for name, counted in lines.items() if name.startswith(folder + "/")}
        total = sum(len(counted) for counted in own.values())
        ran = sum(sum(1 for count in counted.values() if count > 0) for counted in own.values())
        share = 100 * ran / max(total, 1)
        print(f"{folder:24} {ran:6} of {total:6} lines  {share:5.1f} %")
        is_enough &= share >= options.least
        if options.lines:
            for name, counted in sorted(own.items()):
                for line in sorted(line for line, count in counted.items() if count == 0):
                    print(f"  {name}:{line}")
    if not is_enough:
        sys.exit(f"less than {options.least:g} % of a folder's lines ran, or not all of it")


if __name__ == "__main__":
    main()
