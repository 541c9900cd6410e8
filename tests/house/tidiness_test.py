#!/usr/bin/python3
"""Plants one violation of each house rule and expects exactly that rule to find it."""

import os
import pathlib
import tempfile
import unittest

import tidiness
from cpp_text import comments_only, without_comments_and_strings

CLEAN = {
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n### Gate\n\n- Answers.\n",
    "server/core/CMakeLists.txt": "fundgate_library(fundgate_core SOURCES good.cc)\n",
    "server/core/good.cc": '#include "server/core/good.h"\n\nint Good() { return 1; }\n',
    "server/core/good.h": "#ifndef SERVER_CORE_GOOD_H_\n#define SERVER_CORE_GOOD_H_\n\n"
                          "int Good();\n\n#endif  // SERVER_CORE_GOOD_H_\n",
    "tests/core/CMakeLists.txt": "fundgate_test(core_test SOURCES good_test.cc)\n",
    "tests/core/good_test.cc": "TEST(Good, IsOne) { EXPECT_EQ(Good(), 1); }\n",
    "tools/go": "#!/bin/bash\necho go\n",
}

# Each row: the rule, the file to write or to replace, its text, a word of the sentence expected.
PLANTED = [
    ("sources_are_built", "server/core/dead.cc", "int dead;\n", "never built"),
    ("sources_are_built", "tests/core/dead_test.cc", "int dead;\n", "never built"),
    ("sources_are_built", "tests/house/dead_test.py", "dead = 1\n", "never built"),
    ("sources_are_built", "proto/dead.proto", 'syntax = "proto3";\n', "never built"),
    # Named as a part of another name is not named.
    ("sources_are_built", "server/core/ood.cc", "int dead;\n", "never built"),
    ("guards_follow_paths", "server/core/good.h", "int Good();\n", "SERVER_CORE_GOOD_H_"),
    ("guards_follow_paths", "include/fundgate/types/a.h",
     "#ifndef INCLUDE_A_H_\n#define INCLUDE_A_H_\n#endif  // INCLUDE_A_H_\n",
     "FUNDGATE_TYPES_A_H_"),
    ("sources_begin_with_their_header", "server/core/good.cc",
     '#include <vector>\n\n#include "server/core/good.h"\n', "before anything else"),
    ("sources_begin_with_their_header", "server/core/good.cc", "int a;\n", "before anything else"),
    ("files_are_short", "server/core/good.cc",
     '#include "server/core/good.h"\n' + "int a;\n" * 500, "501 lines"),
    ("lines_are_short", "server/core/good.cc", "int " + "a" * 100 + ";\n", "105 columns"),
    ("lines_are_short", "tools/go", "#!/bin/bash\necho " + "a" * 100 + "\n", "105 columns"),
    ("text_is_plain", "server/core/good.cc", "int a; \n", "blanks"),
    ("text_is_plain", "server/core/good.cc", "int a;", "newline"),
    ("text_is_plain", "server/core/good.cc", "\tint a;\n", "tab"),
    ("text_is_plain", "server/core/good.cc", "int a;\r\n", "carriage"),
    ("nothing_is_left_over", "server/core/good.cc", "// TO" "DO: more\n", "do it now"),
    ("nothing_is_left_over", "tools/go", "#!/bin/bash\n# FIX" "ME\n", "do it now"),
    ("nothing_is_left_over", "server/core/good.cc", "<<<<<<< ours\n", "merge conflict"),
    ("nothing_is_foreign", "server/core/good.cc", "// see /ho" "me/ada/notes\n", "one machine"),
    ("nothing_is_foreign", "tools/go", "#!/bin/bash\nget https://reg" "istry.npm.example/x\n",
     "registry"),
    ("nothing_is_foreign", "server/core/good.h", "// as DES" "IGN.md says\n", "not in the project"),
    ("nothing_is_foreign", "server/core/good.h", "// as in \u00a77\n", "by its number"),
    ("calls_are_ours", "server/core/good.cc", "int a = atoi(b);\n", "absl::SimpleAtoi"),
    ("calls_are_ours", "server/core/good.cc", "int a = std::stoi(b);\n", "absl::SimpleAtoi"),
    ("calls_are_ours", "server/core/good.cc", "int a = rand();\n", "seeded"),
    ("calls_are_ours", "tests/core/good_test.cc", "absl::SleepFor(x);\n", "waiting"),
    ("calls_are_ours", "tests/core/good_test.cc", "std::this_thread::sleep_for(x);\n", "waiting"),
    ("calls_are_ours", "tests/core/good_test.cc", "GTEST_SKIP();\n", "fix it or delete it"),
    ("calls_are_ours", "server/core/good.cc", "std::cout << 1;\n", "log"),
    ("calls_are_ours", "server/core/good.cc", "absl::Mutex mutex;\n", "std::mutex"),
    ("calls_are_ours", "server/core/good.cc", "thread.detach();\n", "joins"),
    ("calls_are_ours", "server/core/good.cc", "throw Error();\n", "absl::Status"),
    ("calls_are_ours", "server/core/good.cc", "std::regex r;\n", "RE2"),
    ("permissions_fit", "tools/stopped", "#!/bin/bash\necho go\n", "chmod +x"),
    ("blobs_are_small", "docs/big.bin", "\0" * (256 * 1024 + 1), "at most"),
    ("changelog_has_its_form", "CHANGELOG.md", "# Changelog\n\n## 0.1.0 (2026-01-31)\n",
     "Unreleased"),
    ("changelog_has_its_form", "CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- x\n", "no area"),
    ("changelog_has_its_form", "CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## 0.1\n",
     "expected"),
    ("links_lead_somewhere", "docs/a.md", "[x](nowhere.md)\n", "nowhere.md"),
]


def findings(files):
    """{rule: [sentence]} for a tree of these files; what is in tools/ and clean can be run."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
            os.chmod(path, 0o755 if name == "tools/go" else 0o644)
        tree = tidiness.Tree(folder)
        result = {check.__name__: list(check(tree)) for check in tidiness.CHECKS}
        return {rule: sentences for rule, sentences in result.items() if sentences}


class Tidiness(unittest.TestCase):
    def test_a_clean_tree_has_no_findings(self):
        self.assertEqual(findings(CLEAN), {})

    def test_each_planted_violation_is_found_by_its_rule(self):
        for rule, name, text, word in PLANTED:
            with self.subTest(rule=rule, name=name, word=word):
                found = findings(CLEAN | {name: text})
                self.assertIn(rule, found)
                self.assertTrue(any(name in sentence and word in sentence
                                    for sentence in found[rule]), found[rule])

    def test_every_rule_has_a_planted_violation(self):
        self.assertEqual({check.__name__ for check in tidiness.CHECKS},
                         {rule for rule, _, _, _ in PLANTED})

    def test_what_only_comments_and_strings_say_is_not_a_call(self):
        text = '// rand() is not used\n/* atoi(x) */ auto a = "throw x"; auto b = R"(rand())";\n'
        self.assertNotIn("calls_are_ours", findings(CLEAN | {"server/core/good.cc": text}))

    def test_a_currency_named_like_a_leftover_mark_is_data(self):
        text = 'auto a = "XX' 'X";\n'
        self.assertNotIn("nothing_is_left_over", findings(CLEAN | {"server/core/good.cc": text}))


class CppText(unittest.TestCase):
    def test_blanking_keeps_lines_and_columns(self):
        text = 'int a = 1\'000; // one\nchar c = \'"\'; /* two\n three */ f("x\\"y"); // end\n'
        code = without_comments_and_strings(text)
        self.assertEqual([len(line) for line in code.splitlines()],
                         [len(line) for line in text.splitlines()])
        self.assertIn("1'000;", code)
        self.assertIn("f(", code)
        for gone in ("one", "two", "three", "x", "end"):
            self.assertNotIn(gone, code)

    def test_includes_stay(self):
        self.assertIn('"a/b.h"', without_comments_and_strings('#include "a/b.h"\n'))

    def test_comments_only_keeps_comments(self):
        kept = comments_only('int a; // one\nf("// two"); /* three */\n')
        self.assertIn("one", kept)
        self.assertIn("three", kept)
        self.assertNotIn("two", kept)


if __name__ == "__main__":
    unittest.main()
