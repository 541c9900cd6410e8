#!/usr/bin/python3
"""Proves that the check of kept names can fail: each kind of shared name is found."""

import unittest

import kept_names


def file_with(*lines):
    return "namespace fundgate {\nnamespace {\n" + "\n".join(lines) + "\n}  // namespace\n}\n"


# Each row: what one file keeps to itself, what another does, the name that they share or None.
CASES = [
    ("int Read(int a) { return a; }", "int Read(long a) { return 2; }", "Read"),
    ("std::string Read(int a) {", "absl::StatusOr<int> Read(const Row& row) {", "Read"),
    ("constexpr int kMost = 1;", "constexpr int kMost = 2;", "kMost"),
    ("constexpr std::array<int, 1> kMost = {1};", "const char kMost[] = \"a\";", "kMost"),
    ("struct Row {", "class Row {", "Row"),
    ("using Kind = Json::Kind;", "using Kind = Value::Kind;", "Kind"),
    ("using Kind = Json::Kind;", "using Kind = Json::Kind;", None),
    ("v1::Row ToProto(const Row& row) {", "v1::Part ToProto(Part part) {", None),
    ("int Read(int a) {", "int Write(int a) {", None),
    ("int Read(int a) {", "  return Read(1);", None),
    ("// Read(rows) is fast.", "int Read(int a) {", None),
]


class Names(unittest.TestCase):
    def test_what_two_files_share_is_found(self):
        for first, second, name in CASES:
            with self.subTest(first=first, second=second):
                found = list(kept_names.shared_names(
                    {"a.cc": file_with(first), "b.cc": file_with(second)}))
                self.assertEqual(len(found), 0 if name is None else 1, found)
                if name is not None:
                    self.assertIn(f"b.cc: keeps the name {name} to itself, and so does a.cc",
                                  found[0])

    def test_what_all_may_see_is_not_kept(self):
        seen = "namespace fundgate {\nint Read(int a) { return a; }\n}\n"
        self.assertEqual(kept_names.kept_names(seen), {})


if __name__ == "__main__":
    unittest.main()
