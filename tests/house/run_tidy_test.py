#!/usr/bin/python3
"""Proves that clang-tidy's configuration bites, and that its cache forgets what has changed."""

import pathlib
import subprocess
import tempfile
import unittest

import repository
import run_tidy
import units

GUARDED = """
class __attribute__((capability("mutex"))) Lock {
 public:
  void Acquire() __attribute__((acquire_capability()));
  void Release() __attribute__((release_capability()));
};
class Counter {
 public:
  void Add() { ++count_; }
 private:
  Lock lock_;
  int count_ __attribute__((guarded_by(lock_))) = 0;
};
"""

# Each row: a file with one fault, the check that must find it.
FAULTS = [
    ("class lower_case {};\n", "readability-identifier-naming"),
    ("class A { int member = 0; };\n", "readability-identifier-naming"),
    ("enum class A { kOne, TWO };\n", "readability-identifier-naming"),
    ("void lower_case();\n", "readability-identifier-naming"),
    ("void F() { int CamelCase = 0; (void)CamelCase; }\n", "readability-identifier-naming"),
    ("constexpr int limit = 1;\nint F(int upper_Case) { return upper_Case + limit; }\n",
     "readability-identifier-naming"),
    ("struct A { A(int a); };\n", "google-explicit-constructor"),
    ("int F(int a) {\n" + "  ++a;\n" * 71 + "  return a;\n}\n", "readability-function-size"),
    (GUARDED, "thread-safety"),
]

CLEAN = """
class Account {
 public:
  enum class State { kOpen, kClosed };
  explicit Account(int limit) : limit_(limit) {}
  int limit() const { return limit_; }
  bool IsOpen() const { return state_ == State::kOpen; }

 private:
  static constexpr int kHighest = 10;
  const int limit_;
  State state_ = State::kOpen;
};
struct Row {
  int count = 0;
};
"""


def findings(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "a.cc")
        path.write_text(text)
        ran = subprocess.run(
            ["clang-tidy", "--quiet", f"--config-file={repository.ROOT / '.clang-tidy'}", str(path),
             "--", "-std=c++20", *run_tidy.cleaned(["c++"])[1:]],
            capture_output=True, text=True, check=False)
        return "" if ran.returncode == 0 else ran.stdout + ran.stderr


class Configuration(unittest.TestCase):
    def test_each_fault_is_found_by_its_check(self):
        for text, check in FAULTS:
            with self.subTest(check=check, text=text[:60]):
                self.assertIn(check, findings(text))

    def test_what_the_style_wants_passes(self):
        self.assertEqual(findings(CLEAN), "")


class Cache(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.source = pathlib.Path(self.folder.name, "a.cc")
        self.header = pathlib.Path(self.folder.name, "a.h")
        self.source.write_text("int a;\n")
        self.header.write_text("int b;\n")

    def tearDown(self):
        self.folder.cleanup()

    def key(self, environment="", flag="-O2"):
        run_tidy.contents.__defaults__[0].clear()
        unit = run_tidy.Unit("a.cc", str(self.source), ["c++", flag], self.folder.name,
                             [str(self.source), str(self.header)])
        return run_tidy.key(unit, environment)

    def test_all_that_a_file_reads_is_there(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "a.cc")
            source.write_text("#include <algorithm>\n#include <cstddef>\n#include <unistd.h>\n")
            command = units.Command(str(source), ["c++", str(source)], folder)
            [(path, read)] = units.reads([command]).items()
        self.assertEqual(path, str(source))
        self.assertGreater(len(read), 3)
        for name in read[1:]:
            self.assertTrue(pathlib.Path(name).is_file(), name)

    def test_the_same_content_has_the_same_key(self):
        self.assertEqual(self.key(), self.key())

    def test_a_change_of_anything_it_depends_on_changes_the_key(self):
        before = self.key()
        self.assertNotEqual(before, self.key(environment="another version"))
        self.assertNotEqual(before, self.key(flag="-O0"))
        self.header.write_text("int c;\n")
        self.assertNotEqual(before, self.key())

    def test_lies_in_the_users_cache_unless_told_otherwise(self):
        home = self.folder.name
        self.assertEqual(run_tidy.cache_folder({"HOME": home}),
                         pathlib.Path(home, ".cache", "fundgate", "tidy"))
        self.assertEqual(run_tidy.cache_folder({"HOME": home, "XDG_CACHE_HOME": home + "/x"}),
                         pathlib.Path(home, "x", "fundgate", "tidy"))
        told = run_tidy.cache_folder({"HOME": home, "FUNDGATE_TIDY_CACHE": home + "/here"})
        self.assertEqual(told, pathlib.Path(home, "here"))
        self.assertTrue(told.is_dir())

    def test_what_was_never_compiled_is_never_remembered(self):
        self.assertIsNone(run_tidy.key(run_tidy.Unit("a", "a", [], ".", None), ""))

    def test_foreign_flags_are_left_out_of_the_command(self):
        words = run_tidy.cleaned(["/usr/bin/c++", "-Werror", "-Wno-restrict", "-O2", "-c", "a.cc"])
        self.assertEqual(words[:4], ["/usr/bin/c++", "-O2", "-c", "a.cc"])


if __name__ == "__main__":
    unittest.main()
