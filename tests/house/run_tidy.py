#!/usr/bin/python3
"""Runs clang-tidy over every file of the project, skipping what was clean before with this content.

    run_tidy.py BUILD_FOLDER

Each file is compiled by itself, so what it forgets to include is found here. What its result
depends on is its own text, every header that is read for it, its flags, the configuration and the
tool's version; their hash names an empty file in the user's cache, beside the compiler's, so that a
fresh clone profits from the last one. Clean results only are remembered.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import threading

import includes
import repository
import units

# GCC's warnings are GCC's business, and some flags are unknown to clang: clang-tidy runs its own
# checks, and clang's analysis of lock annotations.
_DROPPED = {"-Werror", "-Wall", "-Wextra", "-Wpedantic", "-Wno-restrict", "-Wno-shadow"}
_ADDED = ["-Wthread-safety", "-Wno-unknown-warning-option"]
_TIDY = "clang-tidy"


class Unit:
    """One file to look at: its name in the project, the compiler's command, what it reads."""

    def __init__(self, name, path, arguments, folder, reads):
        self.name, self.path, self.arguments = name, path, arguments
        self.folder, self.reads = folder, reads


def cleaned(arguments):
    """The compiler's arguments without what clang can't read."""
    return [word for word in arguments if word not in _DROPPED] + _ADDED


def all_units(build):
    """All files to look at: what the build compiles, then the headers without a source.

    A header that has a source is the first that it includes (tidiness.py), so it is compiled as if
    alone there; the others are compiled alone here.
    """
    known, compiled = set(repository.files()), units.commands(build)
    ours = {path: command for path, command in compiled.items()
            if includes.project_path(path, build) in known}
    seen = units.reads(ours.values())
    headers = {}
    for name in sorted(known):
        if (name.endswith(".h") and not name.startswith("cmake/")
                and name.removesuffix(".h") + ".cc" not in known):
            path = str(repository.ROOT / name)
            headers[path] = units.header_command(path, compiled, str(build))
    ours |= headers
    seen |= units.reads(headers.values())
    return [Unit(includes.project_path(path, build), path, cleaned(command.arguments),
                 command.folder, seen.get(path)) for path, command in ours.items()]


def contents(path, _known={}):
    """A hash of a file's content; for the system's headers, what changes with their package."""
    if path not in _known:
        if path.startswith("/usr/"):
            status = os.stat(path)
            _known[path] = f"{status.st_size} {status.st_mtime_ns}"
        else:
            _known[path] = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    return _known[path]


def relative(text):
    """Without the clone's own path, so that another clone of the same content has the same key."""
    return text.replace(str(repository.ROOT), ".")


def key(unit, environment):
    """The name of a unit's result, or None if what it reads isn't known (it was never compiled)."""
    if unit.reads is None:
        return None
    parts = [environment, unit.name, *map(relative, unit.arguments)]
    parts += [relative(path) + " " + contents(path) for path in sorted(unit.reads)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def cache_folder(environment):
    """Where clean results are remembered; made if it is missing."""
    home = environment.get("XDG_CACHE_HOME") or os.path.join(environment["HOME"], ".cache")
    folder = pathlib.Path(environment.get("FUNDGATE_TIDY_CACHE") or
                          os.path.join(home, "fundgate", "tidy"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment_of_checks():
    """The tool's version and all configuration files."""
    version = subprocess.run([_TIDY, "--version"], capture_output=True, text=True,
                             check=True).stdout
    configuration = [repository.read(name) for name in repository.files()
                     if os.path.basename(name) == ".clang-tidy"]
    return "\n".join([version, *configuration])


def write_database(folder, files):
    """The commands as clang-tidy wants them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compile_commands.json").write_text(json.dumps(
        [{"directory": unit.folder, "file": unit.path, "arguments": unit.arguments}
         for unit in files]))


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    build = pathlib.Path(sys.argv[1]).resolve()
    if not (build / "compile_commands.json").exists():
        print(f"{sys.argv[1]} has no compile_commands.json: configure it and build it first")
        return 1
    cache = cache_folder(os.environ)
    files, environment = all_units(build), environment_of_checks()
    keys = {unit.path: key(unit, environment) for unit in files}
    todo = [unit for unit in files
            if keys[unit.path] is None or not (cache / keys[unit.path]).exists()]
    print(f"clang-tidy: {len(files) - len(todo)} files are clean as before,"
          f" {len(todo)} to look at", flush=True)
    write_database(build / "tidy", files)
    speaking, faulty = threading.Lock(), []

    def look_at(unit):
        ran = subprocess.run([_TIDY, "--quiet", "-p", str(build / "tidy"), unit.path],
                             capture_output=True, text=True, check=False)
        with speaking:
            if ran.returncode == 0:
                if keys[unit.path] is not None:
                    (cache / keys[unit.path]).touch()
                return
            faulty.append(unit.name)
            print(f"{unit.name}: clang-tidy objects:\n{ran.stdout}{ran.stderr}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in concurrent.futures.as_completed([pool.submit(look_at, unit) for unit in todo]):
            done.result()
    print(f"clang-tidy: {len(faulty)} of {len(files)} files have findings")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
