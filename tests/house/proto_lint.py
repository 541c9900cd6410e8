#!/usr/bin/python3
"""Checks the style of .proto files: proto_lint.py FOLDER [FOLDER ...]

FOLDER is the root of the import paths (proto/), or a folder below it to check only what lies there;
the root is found from the packages. Needs protoc and Debian's python3-protobuf. Every finding is
one line, "file:line: sentence". The exit code is 0 without findings, 1 with
findings, 2 if the files can't be read or compiled.

What is checked:
  - proto3; the folder is the package (fundgate/v1 and fundgate.v1); file names in snake_case;
  - at most one service a file;
  - every message, field, oneof, enum, enum value, service and rpc has a comment above it; in a
    package
    with services every field's comment begins with "Required.", "Optional." or "Output only.";
  - messages, enums, services and rpcs in CamelCase, fields and oneofs in snake_case;
  - enum values carry the enum's name in front (VERDICT_ALLOW), the value 0 is ..._UNSPECIFIED;
  - an rpc takes a ...Request; lines have at most 100 characters; no import is unused.
"""
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

LINE_LENGTH_MAX = 100
SNAKE = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
CAMEL = re.compile(r"^([A-Z][a-z0-9]*)+$")
BEHAVIOURS = ("Required.", "Optional.", "Output only.")

# Field numbers of the descriptors, from which the paths of source locations are made.
FILE_MESSAGE, FILE_ENUM, FILE_SERVICE = 4, 5, 6
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, MESSAGE_ONEOF = 2, 3, 4, 8
ENUM_VALUE, SERVICE_METHOD = 2, 2


def upper_snake(name):
    """"ReasonCode" -> "REASON_CODE"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).upper()


class FileLint:
    """Findings about one file, from its descriptor with source locations."""

    def __init__(self, descriptor, shown_name, wants_behaviour):
        self.file = descriptor
        self.shown_name = shown_name
        self.wants_behaviour = wants_behaviour
        self.locations = {tuple(l.path): l for l in descriptor.source_code_info.location}
        self.findings = []

    def find(self, line, sentence):
        self.findings.append((self.shown_name, line, sentence))

    def line(self, path):
        location = self.locations.get(path)
        return location.span[0] + 1 if location else 1

    def comment(self, path):
        location = self.locations.get(path)
        return location.leading_comments.strip() if location else ""

    def expect_comment(self, path, what):
        if not self.comment(path):
            self.find(self.line(path),
                      f"{what} has no comment above it; say what it means, with its unit.")

    def expect_name(self, path, what, name, pattern, style):
        if not pattern.match(name):
            self.find(self.line(path), f"{what} isn't named in {style}.")

    def run(self):
        self.check_file()
        for i, message in enumerate(self.file.message_type):
            self.check_message((FILE_MESSAGE, i), message)
        for i, enum in enumerate(self.file.enum_type):
            self.check_enum((FILE_ENUM, i), enum)
        for i, service in enumerate(self.file.service):
            self.check_service((FILE_SERVICE, i), service)
        return self.findings

    def check_file(self):
        base = os.path.basename(self.file.name)
        if self.file.syntax != "proto3":
            self.find(1, 'The file isn\'t proto3; begin it with syntax = "proto3".')
        if not SNAKE.match(base[: -len(".proto")]):
            self.find(1, "The file isn't named in snake_case.")
        for i, service in enumerate(self.file.service[1:], start=1):
            self.find(self.line((FILE_SERVICE, i)),
                      f"Service {service.name} is the file's second; give it a file of its own.")

    def check_message(self, path, message):
        what = f"Message {message.name}"
        self.expect_comment(path, what)
        self.expect_name(path, what, message.name, CAMEL, "CamelCase")
        for i, field in enumerate(message.field):
            self.check_field(path + (MESSAGE_FIELD, i), message, field)
        synthetic = {f.oneof_index for f in message.field if f.proto3_optional}
        for i, oneof in enumerate(message.oneof_decl):
            if i not in synthetic:
                where = path + (MESSAGE_ONEOF, i)
                self.expect_comment(where, f"Oneof {message.name}.{oneof.name}")
                self.expect_name(where, f"Oneof {message.name}.{oneof.name}", oneof.name, SNAKE,
                                 "snake_case")
        for i, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                self.check_message(path + (MESSAGE_NESTED, i), nested)
        for i, enum in enumerate(message.enum_type):
            self.check_enum(path + (MESSAGE_ENUM, i), enum)

    def check_field(self, path, message, field):
        what = f"Field {message.name}.{field.name}"
        self.expect_comment(path, what)
        self.expect_name(path, what, field.name, SNAKE, "snake_case")
        comment = self.comment(path)
        if self.wants_behaviour and comment and not comment.startswith(BEHAVIOURS):
            self.find(self.line(path),
                      f'The comment of {what[0].lower() + what[1:]} must begin with'
                      ' "Required.", "Optional." or "Output only.".')

    def check_enum(self, path, enum):
        self.expect_comment(path, f"Enum {enum.name}")
        self.expect_name(path, f"Enum {enum.name}", enum.name, CAMEL, "CamelCase")
        prefix = upper_snake(enum.name) + "_"
        for i, value in enumerate(enum.value):
            where = path + (ENUM_VALUE, i)
            what = f"Enum value {value.name}"
            self.expect_comment(where, what)
            if not value.name.startswith(prefix) or not SNAKE.match(value.name.lower()):
                self.find(self.line(where),
                          f"{what} must be {prefix} and a name in UPPER_SNAKE_CASE.")
            if value.number == 0 and value.name != prefix + "UNSPECIFIED":
                self.find(self.line(where),
                          f"The value 0 must be {prefix}UNSPECIFIED, not {value.name}.")

    def check_service(self, path, service):
        self.expect_comment(path, f"Service {service.name}")
        self.expect_name(path, f"Service {service.name}", service.name, CAMEL, "CamelCase")
        for i, method in enumerate(service.method):
            where = path + (SERVICE_METHOD, i)
            what = f"Rpc {service.name}.{method.name}"
            self.expect_comment(where, what)
            self.expect_name(where, what, method.name, CAMEL, "CamelCase")
            if not method.input_type.endswith("Request"):
                self.find(self.line(where), f"{what} takes {method.input_type.lstrip('.')}; "
                                            "what an rpc takes is named ...Request.")


def files_below(folder):
    found = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        found += [os.path.join(parent, n) for n in sorted(names) if n.endswith(".proto")]
    return found


def import_root(path):
    """The folder that the file's imports count from: its own without the package's parts."""
    folder = os.path.dirname(os.path.abspath(path))
    with open(path, encoding="utf-8") as text:
        match = re.search(r"^package\s+([\w.]+)\s*;", text.read(), re.MULTILINE)
    if match:
        tail = os.sep + match.group(1).replace(".", os.sep)
        if folder.endswith(tail):
            return folder[: -len(tail)]
    return None


def compile_files(root, paths):
    """The descriptors of `paths`, and what protoc said: (FileDescriptorSet or None, text)."""
    names = [os.path.relpath(os.path.abspath(p), root) for p in paths]
    with tempfile.NamedTemporaryFile(suffix=".descriptors") as out:
        done = subprocess.run(
            ["protoc", "-I", root, "--include_source_info",
             f"--descriptor_set_out={out.name}"] + names,
            stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            return None, done.stderr
        return descriptor_pb2.FileDescriptorSet.FromString(out.read()), done.stderr


def line_findings(path):
    with open(path, encoding="utf-8") as text:
        for number, line in enumerate(text, start=1):
            line = line.rstrip("\n")
            if len(line) > LINE_LENGTH_MAX:
                yield (path, number, f"The line has {len(line)} characters;"
                       f" at most {LINE_LENGTH_MAX} are allowed.")
            if line != line.rstrip() or "\t" in line:
                yield (path, number,
                       "The line ends in blanks or holds a tab; use spaces, and none at the end.")


def warning_findings(text, shown):
    """protoc's own warnings ("a.proto:5:1: warning: Import b.proto is unused.") as findings."""
    for match in re.finditer(r"^(\S+\.proto):(\d+):\d+: warning: (.*)$", text, re.MULTILINE):
        yield (shown.get(match.group(1), match.group(1)), int(match.group(2)), match.group(3))


def lint_root(root, paths):
    """All findings about the files of one root; None if they don't compile."""
    descriptors, said = compile_files(root, paths)
    if descriptors is None:
        sys.stderr.write(said)
        return None
    shown = {os.path.relpath(os.path.abspath(p), root): p for p in paths}
    with_services = {f.package for f in descriptors.file if f.service}
    findings = list(warning_findings(said, shown))
    for descriptor in descriptors.file:
        if descriptor.name in shown:
            findings += FileLint(descriptor, shown[descriptor.name],
                                 descriptor.package in with_services).run()
    for path in paths:
        findings += line_findings(path)
    return findings


def main(folders):
    if not folders:
        sys.stderr.write(
            "Usage: proto_lint.py FOLDER [FOLDER ...]; for example: proto_lint.py proto\n")
        return 2
    roots, findings = {}, []
    for folder in folders:
        paths = files_below(folder)
        if not paths:
            sys.stderr.write(
                f"There is no .proto file in {folder}; name the folder that holds them.\n")
            return 2
        for path in paths:
            root = import_root(path)
            if root is None:
                findings.append((path, 1, "The folder isn't the package; they must be the same."))
            else:
                roots.setdefault(root, []).append(path)
    for root, paths in roots.items():
        found = lint_root(root, paths)
        if found is None:
            return 2
        findings += found
    for path, line, sentence in sorted(set(findings)):
        print(f"{path}:{line}: {sentence}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
