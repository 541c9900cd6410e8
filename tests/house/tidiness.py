#!/usr/bin/python3
"""The house rules that a compiler doesn't know: one function each, listed in CHECKS.

    tidiness.py [ROOT]

Prints one sentence for each finding (file, line, what is wrong, what to do) and fails if any.
"""

import os
import pathlib
import re
import stat
import sys

import repository
from cpp_text import comments_only, without_comments_and_strings

LINE_LENGTH_MAX = 100      # columns
FILE_LENGTH_MAX = 500      # lines of a C++ file: one subject each
BLOB_BYTES_MAX = 256 * 1024

# C++ files that may be longer, with the reason.
LONG_FILES = {}

# What isn't called here, what to use in its stead, and where the rule holds (a path that matches
# `only` and not `but`; None is everywhere).
BANNED = [
    # (expression, replacement, only, but)
    (r"\b(?:strto(?:l|ll|ul|ull|d|f|imax|umax)|ato[ifl]|atoll|sscanf"
     r"|(?:std::)?sto(?:i|l|ll|ul|ull|d|f|ld))\s*\(",
     "absl::SimpleAtoi, which refuses what does not fit", None, r"^tests/"),
    (r"\bs?rand\s*\(|\bdrand48\s*\(", "a seeded generator that is passed in", None, None),
    (r"\b(?:strcpy|strcat|sprintf|vsprintf|gets)\s*\(", "absl::StrCat or absl::StrFormat",
     None, None),
    (r"\bsystem\s*\(|\bpopen\s*\(", "the library for it; a shell is no interface",
     None, r"^tests/"),
    (r"\b(?:u|nano)?sleep\s*\(|\bsleep_(?:for|until)\b|\babsl::SleepFor\b",
     "waiting for the very thing (a condition, a callback), or a clock that the test owns",
     r"^tests/", None),
    (r"\bstd::cout\b|(?<![\w:])(?:printf|puts)\s*\(|\bstd::printf\b",
     "an answer, a metric or the log; a server's standard output is nobody's",
     r"^server/", r"^server/main/"),
    (r"\babsl::(?:Mutex|MutexLock|ReaderMutexLock|WriterMutexLock|CondVar|Notification|"
     r"BlockingCounter|Barrier)\b", "std::mutex and what stands on it: TSan can't see abseil's",
     None, None),
    (r"(?:\.|->)detach\s*\(\s*\)", "a thread that its owner joins", None, None),
    (r"\bstd::endl\b", "'\\n': a flush is a decision of its own", None, None),
    (r"\bstd::(?:w?regex|smatch|cmatch)\b", "RE2, whose time is bounded", None, None),
    (r"\bthrow\b(?!\s*\()", "absl::Status: no exception crosses our code",
     r"^(?:server|types|include|client)/", r"^client/fundctl/"),
    (r"\bstd::(?:ranges::)?views?::", "a loop: clang 14's tidy can't read the library's views",
     None, None),
    (r"#\s*pragma\s+once", "a header guard named after the path", None, None),
    # The public cases of CEL, binlogs of other projects, the shop's data and MySQL's server are not
    # carried in this one; without them their tests say so.
    (r"\bGTEST_SKIP\b|\bDISABLED_", "a test that runs: fix it or delete it",
     None, r"^tests/(expression/conformance|decoder/damage|"
           r"end_to_end/(failover|mysql_files|mysql_snapshot|mysql_stream|retail|"
           r"sidecar_schema|sidecar_snapshot|snapshot_columns))_test\.cc$"),
]
BANNED = [(re.compile(expression), replacement, only and re.compile(only), but and re.compile(but))
          for expression, replacement, only, but in BANNED]

# Spelled in halves, so that this file doesn't find itself.
_LEFTOVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
_CONFLICT = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)
# Paths of one machine, hosts of package registries, and sections of pages that aren't here.
_FOREIGN = [
    (re.compile(r"(?<![\w.-])/(?:ho" + r"me|Us" + r"ers|ro" + r"ot|wo" + r"rk)/[\w.-]+"),
     "a path of one machine; use one relative to the project"),
    (re.compile(r"https?://[\w.-]*\b(?:reg" + r"istry|py" + r"pi|deb|proxy)\.[\w.-]+"),
     "the host of a package registry; name the package only"),
    (re.compile(r"\b(?:DES" + r"IGN|STY" + r"LE|PAR" + r"TS)(?:\.md\b| \d| \u00a7)"),
     "a page that is not in the project; say the thing itself"),
    (re.compile(r"\u00a7"), "a section by its number; name the page or say the thing"),
]


def is_cpp(name):
    return name.endswith((".cc", ".h"))


class Tree:
    """The files to check, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.names = repository.files(self.root)
        self._texts = {}

    def text(self, name):
        """The file's text; empty for what is not text."""
        if name not in self._texts:
            self._texts[name] = repository.read(name, self.root) or ""
        return self._texts[name]

    def having(self, *suffixes):
        return [name for name in self.names if name.endswith(suffixes)]

    def is_script(self, name):
        return bool(repository.interpreter(name, self.root))


def each_line(text):
    return enumerate(text.splitlines(), 1)


def sources_are_built(tree):
    """Every .cc and .proto, and every Python test, is named by a CMakeLists.txt above it."""
    lists = {os.path.dirname(name): tree.text(name) for name in tree.names
             if os.path.basename(name) == "CMakeLists.txt"}
    for name in tree.having(".cc", ".proto", "_test.py"):
        folder, found = os.path.dirname(name), False
        while True:
            if folder in lists:
                relative = os.path.relpath(name, folder or ".")
                # Scripts are named from the root; a list of protos may leave the suffix to a loop.
                words = [relative, name]
                if name.endswith(".proto"):
                    words.append(relative.removesuffix(".proto"))
                found = any(re.search(rf"(?<![\w./-]){re.escape(word)}(?![\w-])", lists[folder])
                            for word in words)
            if found or not folder:
                break
            folder = os.path.dirname(folder)
        if not found:
            yield (f"{name}: no CMakeLists.txt above it names it, so it is never built or run;"
                   " add it there or delete it")


def guards_follow_paths(tree):
    """A header's guard is its path; public headers leave out include/."""
    for name in tree.having(".h"):
        guard = re.sub(r"[^A-Z0-9]", "_", name.removeprefix("include/").upper()) + "_"
        pattern = rf"^#ifndef {guard}\n#define {guard}\n.*^#endif  // {guard}$"
        if not re.search(pattern, tree.text(name), re.MULTILINE | re.DOTALL):
            yield (f"{name}: expected the header guard {guard}"
                   f" (#ifndef, #define, #endif  // {guard})")


def sources_begin_with_their_header(tree):
    """Which so is compiled as if alone, and has all that it needs."""
    names = set(tree.names)
    for name in tree.having(".cc"):
        header = name.removesuffix(".cc") + ".h"
        first = re.search(r'^#include ["<]([^">]+)', tree.text(name), re.MULTILINE)
        if header in names and (first is None
                                or first.group(1) != header.removeprefix("include/")):
            yield f"{name}: must include {header} before anything else"


def files_are_short(tree):
    for name in filter(is_cpp, tree.names):
        length = tree.text(name).count("\n")
        if length > FILE_LENGTH_MAX and name not in LONG_FILES:
            yield (f"{name}: has {length} lines, at most {FILE_LENGTH_MAX} are read with pleasure;"
                   " split it by subject, or give the reason in LONG_FILES of"
                   " tests/house/tidiness.py")
    for name in LONG_FILES:
        if name not in tree.names or tree.text(name).count("\n") <= FILE_LENGTH_MAX:
            yield f"{name}: is not a long file any more; take it off LONG_FILES"


def lines_are_short(tree):
    for name in tree.names:
        if (not name.endswith((".cc", ".h", ".proto", ".py"))
                and not tree.is_script(name)):
            continue
        for number, line in each_line(tree.text(name)):
            if len(line) > LINE_LENGTH_MAX and "://" not in line:
                yield (f"{name}:{number}: has {len(line)} columns,"
                       f" at most {LINE_LENGTH_MAX} are allowed")


def text_is_plain(tree):
    """No tabs, no blanks at line ends, no other line ends, one newline at the end."""
    for name in tree.names:
        text = tree.text(name)
        if not text or name in ("LICENSE",) or name.startswith("tests/golden/"):
            continue
        if "\r" in text:
            yield f"{name}: has carriage returns; end lines with a newline alone"
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{name}: must end with exactly one newline"
        for number, line in each_line(text):
            if line != line.rstrip():
                yield f"{name}:{number}: has blanks at its end"
            if "\t" in line and name.endswith((".cc", ".h", ".proto", ".py", ".md", ".yaml")):
                yield f"{name}:{number}: has a tab; use spaces"


def nothing_is_left_over(tree):
    for name in tree.names:
        text = tree.text(name)
        for number, line in each_line(comments_only(text) if is_cpp(name) else text):
            if match := _LEFTOVER.search(line):
                yield f"{name}:{number}: says {match.group(1)}; do it now or leave it out"
        if match := _CONFLICT.search(text):
            if not name.endswith(".md"):
                yield f"{name}: holds the mark of a merge conflict; resolve it"


def nothing_is_foreign(tree):
    """The project speaks of itself alone."""
    for name in tree.names:
        for number, line in each_line(tree.text(name)):
            for expression, why in _FOREIGN:
                if match := expression.search(line):
                    yield f"{name}:{number}: names {match.group(0)}, {why}"


def calls_are_ours(tree):
    for name in filter(is_cpp, tree.names):
        for number, line in each_line(without_comments_and_strings(tree.text(name))):
            for expression, replacement, only, but in BANNED:
                if (only and not only.search(name)) or (but and but.search(name)):
                    continue
                if match := expression.search(line):
                    yield f"{name}:{number}: has {match.group(0).strip()}; use {replacement}"


def permissions_fit(tree):
    """What starts with #! in tools/ and .ci/ can be run; nothing else but scripts can."""
    for name in tree.names:
        runs = bool((tree.root / name).stat().st_mode & stat.S_IXUSR)
        script = tree.is_script(name)
        if name.startswith(("tools/", ".ci/")) and script and not runs:
            yield f"{name}: is a tool but can't be run; chmod +x it"
        if runs and not script:
            yield f"{name}: can be run but names no interpreter; chmod -x it"


def blobs_are_small(tree):
    for name in tree.names:
        size = (tree.root / name).stat().st_size
        if size > BLOB_BYTES_MAX:
            yield (f"{name}: has {size} bytes, at most {BLOB_BYTES_MAX} belong into the history;"
                   " generate it or fetch it")


def changelog_has_its_form(tree):
    """# Changelog, then ## Unreleased, then ## X.Y.Z (date), newest first; ### Area; entries."""
    name = "CHANGELOG.md"
    if name not in tree.names:
        yield f"{name}: is missing"
        return
    lines = tree.text(name).splitlines()
    if not lines or lines[0] != "# Changelog":
        yield f"{name}:1: expected the title '# Changelog'"
    releases, area = [], None
    for number, line in each_line(tree.text(name)):
        if line.startswith("## "):
            releases.append(line[3:])
            area = None
            if not re.fullmatch(r"Unreleased|\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)", line[3:]):
                yield f"{name}:{number}: expected '## Unreleased' or '## 1.2.3 (2026-01-31)'"
        elif line.startswith("### "):
            area = line[4:]
        elif line.startswith("- ") and area is None:
            yield f"{name}:{number}: the entry stands under no area; put it under '### Gate' or so"
    if releases[:1] != ["Unreleased"]:
        yield f"{name}: its first section must be '## Unreleased'"


def links_lead_somewhere(tree):
    """Relative links of pages lead to files of the project."""
    for name in tree.having(".md"):
        for number, line in each_line(tree.text(name)):
            for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", line):
                path = os.path.normpath(os.path.join(os.path.dirname(name), target))
                if "://" not in target and not (tree.root / path).exists():
                    yield f"{name}:{number}: links to {target}, which is not in the project"


CHECKS = [
    sources_are_built,
    guards_follow_paths,
    sources_begin_with_their_header,
    files_are_short,
    lines_are_short,
    text_is_plain,
    nothing_is_left_over,
    nothing_is_foreign,
    calls_are_ours,
    permissions_fit,
    blobs_are_small,
    changelog_has_its_form,
    links_lead_somewhere,
]


def main():
    tree = Tree(sys.argv[1] if len(sys.argv) > 1 else repository.ROOT)
    found = [sentence for check in CHECKS for sentence in check(tree)]
    for sentence in found:
        print(sentence)
    print(f"{len(tree.names)} files, {len(CHECKS)} rules, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
