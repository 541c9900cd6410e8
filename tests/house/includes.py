#!/usr/bin/python3
"""Proves the direction of includes: which folder may see which folder and which library.

    includes.py BUILD_FOLDER

Reads what a preprocessor reads for each file (see units.py), so nothing can hide behind another
header. Fails naming each file, what it must not see, and the row that says so.
"""

import collections
import os
import pathlib
import re
import sys

import repository
import units
from cpp_text import without_comments_and_strings

# One row a folder: the folders it may include, and the libraries it may see. What a listed folder
# may include comes with it; a library never does: who wants to see one says so, so that a header
# of the store that shows RocksDB to its users is found. A subfolder without a row uses its
# parent's. The standard library is open to all but the folders of PURE below.
Row = collections.namedtuple("Row", "folders libraries")
_CORE = {"types", "server/expression"}
_ALL_LIBRARIES = {"abseil", "re2", "protobuf", "grpc", "rocksdb", "yaml-cpp", "cli11", "openssl",
                  "mariadb", "prometheus", "rapidjson", "rdkafka"}
_TESTING = {"testing"}
TABLE = {
    "types": Row(set(), {"abseil"}),
    "proto": Row(set(), {"protobuf", "grpc", "abseil"}),
    "anchor": Row({"types", "proto"}, {"abseil", "protobuf", "openssl"}),
    "backup": Row({"types", "proto"}, {"abseil", "protobuf", "openssl"}),
    "server/expression": Row({"types"}, {"abseil", "re2"}),
    "server/core": Row(_CORE, {"abseil"}),
    "server/policy": Row({"server/core", "proto"}, {"abseil", "protobuf", "yaml-cpp", "re2"}),
    "server/log": Row({"types"}, {"abseil", "rapidjson"}),
    # What is measured knows nothing of what measures it.
    "server/metrics": Row(set(), {"abseil"}),
    "server/store": Row({"server/core", "proto"}, {"abseil", "protobuf", "rocksdb", "openssl"}),
    "server/sequencer": Row({"server/store", "server/metrics"}, {"abseil"}),
    # What callers of the gate have in common, and secrets in files.
    "connection": Row({"types"}, {"abseil", "grpc", "openssl", "cli11"}),
    # Decisions as spans, and whoever takes them.
    "otlp": Row({"connection", "proto"}, {"abseil", "protobuf", "grpc"}),
    # Who may do what: knows no call and no connection.
    "server/security": Row({"server/log", "server/policy", "connection", "proto"},
                           {"abseil", "protobuf", "openssl"}),
    "server/gate": Row({"server/log", "server/metrics", "server/sequencer", "server/policy",
                        "server/store", "server/security", "backup", "proto"},
                       {"abseil", "protobuf", "grpc", "openssl"}),
    "server/sidecar": Row({"server/log", "server/metrics", "server/policy", "server/expression",
                           "proto", "server/sidecar/binlog", "server/sidecar/envelope",
                           "server/sidecar/schema", "server/sidecar/sources/mariadb",
                           "server/sidecar/sources/mysql", "server/sidecar/sources/kafka"},
                          {"abseil", "protobuf", "grpc", "openssl"}),
    # What talks to databases and brokers knows no gate and no policy.
    "server/sidecar/sources": Row({"types"}, {"abseil"}),
    "server/sidecar/sources/mariadb": Row({"server/sidecar/sources"}, {"abseil", "mariadb"}),
    "server/sidecar/sources/mysql": Row({"server/sidecar/sources/mariadb"},
                                        {"abseil", "mariadb"}),
    "server/sidecar/sources/kafka": Row({"server/sidecar/sources"}, {"abseil", "rdkafka"}),
    # What reads messages knows JSON alone: no broker, no gate.
    "server/sidecar/envelope": Row({"server/sidecar/binlog", "server/policy"},
                                   {"abseil", "rapidjson"}),
    # What reads binlogs knows bytes alone: no server, no gate.
    "server/sidecar/binlog": Row({"types"}, {"abseil"}),
    "server/sidecar/schema": Row({"server/sidecar/binlog"}, {"abseil"}),
    "server/sidecar/decode": Row({"server/sidecar/binlog"}, {"abseil"}),
    "server/export": Row({"server/store", "server/log", "server/metrics", "otlp", "anchor",
                          "proto"},
                         {"abseil", "protobuf", "grpc", "openssl", "prometheus"}),
    "server/main": Row({"server/gate", "connection", "server/sidecar", "server/sidecar/decode",
                        "server/export"},
                       _ALL_LIBRARIES | {"jemalloc"}),
    "client": Row({"types", "anchor", "backup", "otlp", "proto", "connection"},
                  {"abseil", "protobuf", "grpc", "cli11"}),
    # Tests may see what they test, and the helpers of what lies below. Those that run under TSan
    # see no gRPC.
    "tests/types": Row({"types"}, {"abseil"} | _TESTING),
    # Where things lie.
    "tests/places": Row(set(), _TESTING),
    "tests/expression": Row({"server/expression", "tests/places"}, {"abseil", "re2"} | _TESTING),
    "tests/core": Row({"server/core"}, {"abseil"} | _TESTING),
    "tests/store": Row({"server/store", "server/policy", "tests/core"},
                       {"abseil", "protobuf", "rocksdb", "openssl"} | _TESTING),
    "tests/decoder": Row({"server/sidecar/decode", "tests/places"}, {"abseil"} | _TESTING),
    "tests/mariadb": Row({"tests/decoder"}, {"abseil", "mariadb"} | _TESTING),
    "tests/sequencer": Row({"server/sequencer", "server/policy", "tests/core", "tests/store"},
                           {"abseil", "protobuf", "rocksdb", "openssl"} | _TESTING),
    # Load on what Fundgate is compared with.
    "tests/bench/load": Row({"tests"},
                            _ALL_LIBRARIES | _TESTING | {"hiredis", "nghttp2", "postgresql"}),
    "tests/bench/scale": Row({"tests", "tests/bench/load"}, _ALL_LIBRARIES | _TESTING),
    "tests": Row({"server/main", "client", "tests/expression", "tests/sequencer", "tests/mariadb"},
                 _ALL_LIBRARIES | _TESTING),
}

# Which library a header under /usr/include belongs to, by its first folder.
_LIBRARIES = {
    "absl": "abseil", "re2": "re2", "google": "protobuf", "grpc": "grpc", "grpcpp": "grpc",
    "grpc++": "grpc", "rocksdb": "rocksdb", "yaml-cpp": "yaml-cpp", "CLI": "cli11",
    "openssl": "openssl", "prometheus": "prometheus", "mariadb": "mariadb", "hiredis": "hiredis",
    "nghttp2": "nghttp2", "jemalloc": "jemalloc", "postgresql": "postgresql",
    "librdkafka": "rdkafka",
    "rapidjson": "rapidjson", "gtest": "testing", "gmock": "testing",
    "rapidcheck": "testing", "benchmark": "testing", "brotli": "testing",
}
# Folders of /usr/include that belong to the language and the operating system.
_SYSTEM = {"c++", "clang", "x86_64-linux-gnu", "aarch64-linux-gnu", "linux", "asm", "asm-generic",
           "bits", "sys", "gnu", "net", "netinet", "arpa", "rpc"}

# Folders that must give the same result for the same input for ever: no clock, thread, randomness,
# environment or file. What other headers bring along can't be forbidden (abseil's own include
# threads), so what these folders name themselves is: headers by #include, calls by name.
PURE = ("server/core", "server/expression", "types")
_PURE_HEADERS = {
    "chrono", "ctime", "time.h", "sys/time.h", "thread", "mutex", "shared_mutex", "future",
    "condition_variable", "semaphore", "barrier", "latch", "stop_token", "random", "filesystem",
    "fstream", "iostream", "unistd.h", "pthread.h", "csignal",
    "absl/time/clock.h", "absl/random/random.h",
}
_PURE_HEADER_FOLDERS = ("absl/synchronization/", "absl/random/", "sys/")
_PURE_NAMES = re.compile(
    r"\babsl::(Now|GetCurrentTimeNanos|SleepFor|BitGen|InsecureBitGen|LocalTimeZone)\b"
    r"|\bstd::(chrono|thread|jthread|mutex|random_device|mt19937\w*|filesystem|fopen|getenv"
    r"|time|clock)\b"
    r"|(?<![\w.>:])(getenv|secure_getenv|fopen|rand|srand|clock_gettime|gettimeofday)\s*\("
    r"|\btime\s*\(\s*(?:nullptr|NULL|0)\s*\)")
# Money is never a floating number.
_FLOATING = re.compile(r"\b(float|double)\b")
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def row_of(path, table=None):
    """The name of the row for a file of the project: of its nearest folder that has one."""
    table = TABLE if table is None else table
    if path.startswith("include/fundgate/"):
        path = "types/x" if path.startswith("include/fundgate/types/") else "client/x"
    folder = os.path.dirname(path)
    while folder and folder not in table:
        folder = os.path.dirname(folder)
    return folder or None


def allowed_folders(row, table=None):
    """All rows that a row's objects may include from: itself and what it reaches."""
    table = TABLE if table is None else table
    reached, waiting = set(), [row]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += table[name].folders
    return reached


def library_of(header):
    """The library of an absolute path of a header: None for the language and the system."""
    for prefix in ("/usr/local/include/", "/usr/include/"):
        if header.startswith(prefix):
            parts = header[len(prefix):].split("/")
            if len(parts) == 1 or parts[0] in _SYSTEM:
                return None
            return _LIBRARIES.get(parts[0], "an unknown library (" + parts[0] + ")")
    return None


def violations_of(source, paths, table=None):
    """Sentences about what the project's file `source` must not see.

    `paths`: everything that is read for it, project files relative to the root (generated ones
    as proto/...), others absolute.
    """
    table = TABLE if table is None else table
    row = row_of(source, table)
    if row is None:
        return [f"{source}: its folder has no row in the table of tests/house/includes.py; add one"]
    may, found = allowed_folders(row, table), []
    for path in paths:
        if path.startswith("/"):
            library = library_of(path)
            if library is not None and library not in table[row].libraries:
                found.append((library, path))
        elif row_of(path, table) not in may and path != source:
            found.append((row_of(path, table) or "a folder without a row", path))
    first = dict(reversed(found))  # one sentence for each folder or library is enough
    return [f"{source}: sees {path}, but {row} may not include {what}; move the code, or forward"
            f" declare what it needs (the rows stand in tests/house/includes.py)"
            for what, path in sorted(first.items())]


def purity_violations(name, text):
    """Sentences about a file of a pure folder that names a clock, a thread and the like itself."""
    found = []
    for header in _INCLUDE.findall(text):
        if header in _PURE_HEADERS or header.startswith(_PURE_HEADER_FOLDERS):
            found.append(f"{name}: includes <{header}>, but this folder knows no clock, thread,"
                         " randomness or file; take what it needs as an argument")
    for number, line in enumerate(without_comments_and_strings(text).splitlines(), 1):
        match = _PURE_NAMES.search(line)
        if match:
            found.append(f"{name}:{number}: names {match.group(0)}, but this folder's results"
                         " depend on its arguments alone; take it as an argument")
        if name.startswith("server/core/") and _FLOATING.search(line):
            found.append(f"{name}:{number}: uses a floating number, but money and rates are"
                         " integers (fundgate/types/checked.h)")
    return found


def project_path(path, build):
    """A path of the compiler's list, as violations_of wants it."""
    full = pathlib.Path(os.path.normpath(build / path))
    for base, prefix in ((build / "generated", "proto"), (repository.ROOT, "")):
        if full.is_relative_to(base):
            return os.path.join(prefix, full.relative_to(base))
    return str(full)


def check_build(build):
    """Checks all sources that a build compiles, and all headers; gives (number, sentences)."""
    compiled = units.commands(build)
    known, looked_at = set(repository.files()), []
    for name in sorted(known):
        path = str(repository.ROOT / name)
        if name.endswith(".cc") and path in compiled:
            looked_at.append(compiled[path])
        elif name.endswith(".h") and not name.startswith("cmake/"):
            looked_at.append(units.header_command(path, compiled, str(build)))
    found = []
    for paths in units.reads(looked_at).values():
        names = [project_path(path, build) for path in paths]
        found += violations_of(names[0], names)
    return len(looked_at), found


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    count, found = check_build(pathlib.Path(sys.argv[1]).resolve())
    for name in repository.files():
        if name.endswith((".h", ".cc")) and row_of(name) is not None:
            if any((row_of(name) + "/").startswith(folder + "/") for folder in PURE):
                found += purity_violations(name, repository.read(name))
    if count == 0:
        found.append(f"{sys.argv[1]} compiles no file of the project: configure it first")
    for sentence in found:
        print(sentence)
    print(f"{count} files, {len(found)} violations of the direction of includes")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
