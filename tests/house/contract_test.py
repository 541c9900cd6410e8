#!/usr/bin/python3
"""Proves that the public contract only grows: nothing that a client was built against may change.

    contract_test.py               compare the contract with tests/golden/contract.txt
    contract_test.py --update      write that file anew, after something was added

The file has a line for each field, enum value and rpc, with number and type. A line of it that the
protos no longer say is a break: the client of yesterday would misread the gate of today.
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import repository
from google.protobuf import descriptor_pb2

GOLDEN = repository.ROOT / "tests" / "golden" / "contract.txt"
FOLDER = "fundgate/v1"
_FIELD = descriptor_pb2.FieldDescriptorProto


def descriptors(root):
    """What protoc makes of all files of the contract."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "set")
        files = sorted(str(path.relative_to(root)) for path in (root / FOLDER).glob("*.proto"))
        subprocess.run(["protoc", "-I", str(root), f"--descriptor_set_out={out}", *files],
                       check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file


def type_name(field):
    kind = field.type_name.lstrip(".") or _FIELD.Type.Name(field.type)[5:].lower()
    return ("repeated " if field.label == _FIELD.LABEL_REPEATED else "") + kind


def of_message(message, prefix):
    name = f"{prefix}.{message.name}"
    for field in message.field:
        yield f"{name}.{field.name} = {field.number} {type_name(field)}"
    for nested in message.nested_type:
        yield from of_message(nested, name)
    for enum in message.enum_type:
        yield from of_enum(enum, name)


def of_enum(enum, prefix):
    for value in enum.value:
        yield f"{prefix}.{enum.name}.{value.name} = {value.number}"


def of_service(service, prefix):
    for rpc in service.method:
        streams = ("stream " if rpc.client_streaming else "",
                   "stream " if rpc.server_streaming else "")
        yield (f"{prefix}.{service.name}.{rpc.name}({streams[0]}{rpc.input_type.lstrip('.')})"
               f" -> {streams[1]}{rpc.output_type.lstrip('.')}")


def lines(files):
    """One a field, enum value and rpc, sorted."""
    found = []
    for file in files:
        for message in file.message_type:
            found += of_message(message, file.package)
        for enum in file.enum_type:
            found += of_enum(enum, file.package)
        for service in file.service:
            found += of_service(service, file.package)
    return sorted(found)


def compare(promised, present):
    """What breaks clients, and what was added without being written down."""
    return [line for line in promised if line not in present], \
        [line for line in present if line not in promised]


class Contract(unittest.TestCase):
    def test_only_grows(self):
        broken, added = compare(GOLDEN.read_text().splitlines(),
                                lines(descriptors(repository.ROOT / "proto")))
        self.assertEqual(broken, [], "clients were built against these: bring them back")
        self.assertEqual(added, [], "new: run tests/house/contract_test.py --update and commit it")

    def test_a_changed_field_and_a_lost_one_are_breaks_and_a_new_one_is_not(self):
        with tempfile.TemporaryDirectory() as root:
            folder = pathlib.Path(root, FOLDER)
            folder.mkdir(parents=True)
            file = folder / "a.proto"

            def said(body):
                file.write_text('syntax = "proto3";\npackage fundgate.v1;\n' + body)
                return lines(descriptors(pathlib.Path(root)))

            before = said("message A { int64 a = 1; repeated string b = 2; }\n"
                          "enum E { E_UNSPECIFIED = 0; E_ONE = 1; }\n")
            after = said("message A { int32 a = 1; string c = 3; }\n"
                         "enum E { E_UNSPECIFIED = 0; E_ONE = 2; }\n")
            broken, added = compare(before, after)
        self.assertEqual(broken, ["fundgate.v1.A.a = 1 int64",
                                  "fundgate.v1.A.b = 2 repeated string", "fundgate.v1.E.E_ONE = 1"])
        self.assertIn("fundgate.v1.A.c = 3 string", added)


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        GOLDEN.write_text("\n".join(lines(descriptors(repository.ROOT / "proto"))) + "\n")
    else:
        unittest.main()
