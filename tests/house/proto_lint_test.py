#!/usr/bin/python3
"""The proto lint finds each fault it promises to find, at its line, and nothing in sound files."""
import os
import subprocess
import sys
import tempfile
import unittest

LINT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "proto_lint.py")

SOUND = """syntax = "proto3";

package a.v1;

// Does a thing.
service Doer {
  // Does it.
  rpc Do(DoRequest) returns (DoResponse);
}

// Asks for it.
message DoRequest {
  // Required. What to do.
  Deed deed = 1;

  // Either of them.
  oneof kind {
    // Optional. One.
    string first_kind = 2;
  }

  // Optional. Absent: not said.
  optional int64 times = 3;

  // Optional. Names and what they mean.
  map<string, string> words = 4;
}

// Says how it went.
message DoResponse {}

// What can be done.
enum Deed {
  // Nothing was said.
  DEED_UNSPECIFIED = 0;

  // A good one.
  DEED_GOOD = 1;
}
"""


def lint(text, path="a/v1/doer.proto"):
    """(exit code, findings as "line: sentence")."""
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full))
        with open(full, "w", encoding="utf-8") as out:
            out.write(text)
        done = subprocess.run([sys.executable, LINT, root],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        return done.returncode, [l.replace(full + ":", "") for l in done.stdout.splitlines()]


class ProtoLint(unittest.TestCase):
    def expect_one(self, old, new, line, words):
        """SOUND with `old` replaced by `new` has one finding, at `line`, that says `words`."""
        self.assertEqual(SOUND.count(old), 1, f"the sample holds {old!r} once")
        code, findings = lint(SOUND.replace(old, new))
        self.assertEqual(code, 1)
        self.assertEqual(len(findings), 1, findings)
        self.assertTrue(findings[0].startswith(f"{line}: "), findings)
        self.assertIn(words, findings[0])

    def test_a_sound_file_has_no_findings(self):
        self.assertEqual(lint(SOUND), (0, []))

    def test_a_missing_comment_is_found_on_every_kind_of_declaration(self):
        for comment, line, what in [
                ("// Does a thing.\n", 5, "Service Doer"),
                ("  // Does it.\n", 7, "Rpc Doer.Do"),
                ("// Asks for it.\n", 11, "Message DoRequest"),
                ("  // Required. What to do.\n", 13, "Field DoRequest.deed"),
                ("  // Either of them.\n", 16, "Oneof DoRequest.kind"),
                ("    // Optional. One.\n", 18, "Field DoRequest.first_kind"),
                ("// What can be done.\n", 32, "Enum Deed"),
                ("  // A good one.\n", 37, "Enum value DEED_GOOD")]:
            with self.subTest(what):
                self.expect_one(comment, "", line, f"{what} has no comment")

    def test_a_fields_comment_that_does_not_say_who_sets_it_is_found(self):
        self.expect_one("// Required. What to do.", "// What to do.", 14, "must begin with")

    def test_an_enum_value_without_the_enums_name_is_found(self):
        self.expect_one("DEED_GOOD", "GOOD", 38, "must be DEED_")

    def test_a_zero_value_with_a_meaning_is_found(self):
        self.expect_one("DEED_UNSPECIFIED", "DEED_BAD", 35, "must be DEED_UNSPECIFIED")

    def test_a_field_in_camel_case_is_found(self):
        self.expect_one("first_kind", "firstKind", 19, "snake_case")

    def test_a_message_in_snake_case_is_found(self):
        self.expect_one("message DoResponse {}",
                        "message DoResponse {}\n\n// Odd.\nmessage odd_one {}", 33,
                        "CamelCase")

    def test_a_second_service_is_found(self):
        self.expect_one("// Asks for it.", "// More.\nservice More {}\n\n// Asks for it.", 12,
                        "second")

    def test_an_rpc_that_takes_no_request_is_found(self):
        self.expect_one("Do(DoRequest)", "Do(DoResponse)", 8, "...Request")

    def test_an_unused_import_is_found(self):
        self.expect_one("package a.v1;\n",
                        'package a.v1;\nimport "google/protobuf/any.proto";\n', 4, "unused")

    def test_a_long_line_is_found(self):
        self.expect_one("// A good one.", "// A good one. " + "x" * 90, 37, "at most 100")

    def test_a_package_that_is_not_the_folder_is_found(self):
        code, findings = lint(SOUND, "b/v1/doer.proto")
        self.assertEqual(code, 1)
        self.assertEqual(findings, ["1: The folder isn't the package; they must be the same."])

    def test_a_file_that_does_not_compile_is_an_error_of_its_own(self):
        self.assertEqual(lint(SOUND.replace("enum Deed", "enum"))[0], 2)


if __name__ == "__main__":
    unittest.main()
