#!/usr/bin/python3
"""Proves that the check of includes can fail: planted violations of each kind are found."""

import json
import os
import pathlib
import tempfile
import unittest

import includes

GRPC = "/usr/include/grpcpp/grpcpp.h"
PROTOBUF = "/usr/include/google/protobuf/message.h"
ROCKSDB = "/usr/include/rocksdb/db.h"

# Each row: a file, something that the compiler read for it, whether it may.
CASES = [
    ("server/core/machine.cc", "server/core/machine.h", True),
    ("server/core/machine.cc", "include/fundgate/types/money.h", True),
    ("server/core/machine.cc", "server/expression/program.h", True),
    ("server/core/machine.cc", "/usr/include/absl/status/status.h", True),
    ("server/core/machine.cc", "/usr/include/c++/12/vector", True),
    ("server/core/machine.cc", GRPC, False),
    ("server/core/machine.cc", PROTOBUF, False),
    ("server/core/machine.cc", ROCKSDB, False),
    ("server/core/machine.cc", "server/store/store.h", False),
    ("server/core/machine.cc", "server/policy/document.h", False),
    ("server/core/machine.cc", "proto/fundgate/v1/gate.pb.h", False),
    ("server/core/invariants/sum.cc", GRPC, False),
    ("server/core/machine.cc", "/usr/include/boost/any.hpp", False),
    ("server/expression/parser.cc", "/usr/include/re2/re2.h", True),
    ("server/expression/parser.cc", "server/core/machine.h", False),
    ("types/money.cc", "include/fundgate/types/money.h", True),
    ("types/money.cc", "server/core/machine.h", False),
    ("types/money.cc", PROTOBUF, False),
    ("include/fundgate/types/money.h", PROTOBUF, False),
    ("server/store/store.cc", ROCKSDB, True),
    ("server/store/store.cc", "server/core/machine.h", True),
    ("server/store/store.cc", GRPC, False),
    ("server/store/store.cc", "server/sequencer/sequencer.h", False),
    ("server/sequencer/sequencer.cc", "server/core/machine.h", True),
    ("server/sequencer/sequencer.cc", ROCKSDB, False),
    ("server/sequencer/sequencer.cc", GRPC, False),
    ("server/gate/check_service.cc", GRPC, True),
    ("server/gate/check_service.cc", "server/policy/compile.h", True),
    ("server/gate/check_service.cc", ROCKSDB, False),
    ("server/gate/check_service.cc", "client/client.h", False),
    ("server/policy/load.cc", "/usr/include/yaml-cpp/yaml.h", True),
    ("server/policy/load.cc", "server/store/store.h", False),
    ("server/sidecar/feeder.cc", "server/policy/document.h", True),
    ("server/sidecar/feeder.cc", "server/gate/server.h", False),
    ("client/client.cc", GRPC, True),
    ("client/client.cc", "include/fundgate/client.h", True),
    ("client/fundctl/check.cc", "server/core/decision.h", False),
    ("client/client.cc", "server/policy/document.h", False),
    ("server/main/fundgated.cc", "server/gate/server.h", True),
    ("server/main/fundgated.cc", "client/client.h", False),
    ("tests/sequencer/sequencer_test.cc", GRPC, False),
    ("tests/bench/load/redis_peer.cc", "/usr/include/hiredis/hiredis.h", True),
    ("tests/bench/machine_speed.cc", "/usr/include/hiredis/hiredis.h", False),
    ("tests/core/machine_test.cc", "/usr/include/gtest/gtest.h", True),
    ("tests/core/machine_test.cc", "server/gate/server.h", False),
    ("tests/core/machine_test.cc", "tests/store/power_loss.h", False),
    ("tests/sequencer/sequencer_test.cc", "tests/core/world.h", True),
    ("tests/sequencer/sequencer_test.cc", "server/gate/server.h", False),
    ("tests/model/model_test.cc", "tests/core/world.h", True),
    ("tests/gate/gate_test.cc", GRPC, True),
    ("nowhere/x.cc", "/usr/include/c++/12/vector", False),
]


class Direction(unittest.TestCase):
    def test_each_case(self):
        for source, path, may in CASES:
            with self.subTest(source=source, path=path):
                self.assertEqual(includes.violations_of(source, [source, path]) == [], may)

    def test_a_violation_names_the_file_the_header_and_the_row(self):
        sentence, = includes.violations_of("server/core/machine.cc", [GRPC])
        for word in ("server/core/machine.cc", GRPC, "server/core may not include grpc"):
            self.assertIn(word, sentence)

    def test_rows_name_rows_and_have_no_circles_through_the_server(self):
        for name, row in includes.TABLE.items():
            self.assertLessEqual(row.folders, set(includes.TABLE), name)
            if not name.startswith("tests"):
                for folder in row.folders:
                    self.assertNotIn(name, includes.allowed_folders(folder), name)


class Purity(unittest.TestCase):
    def test_clocks_threads_and_randomness_are_found(self):
        for text in ("#include <chrono>\n", "#include <thread>\n", "#include <random>\n",
                     "#include <filesystem>\n", '#include "absl/time/clock.h"\n',
                     '#include "absl/synchronization/mutex.h"\n',
                     "auto t = absl::Now();\n", "auto t = std::chrono::seconds(1);\n",
                     'auto e = getenv("X");\n', "auto e = std::getenv(x);\n", "int r = rand();\n",
                     "auto t = time(nullptr);\n",
                     "double amount = 1;\n"):
            with self.subTest(text=text):
                self.assertTrue(includes.purity_violations("server/core/a.cc", text))

    def test_plain_code_and_words_in_comments_pass(self):
        text = ('#include <vector>\n#include "absl/time/time.h"\n// never a double, no getenv()\n'
                "absl::Time time(input.time());\nauto t = machine.time();\nint64_t operand(1);\n")
        self.assertEqual(includes.purity_violations("server/core/a.cc", text), [])


# A small project with a core that includes gRPC: if what is read were read wrongly, nothing would
# be found here. One file is compiled by itself, two are together in one, as a build has them.
class RealBuild(unittest.TestCase):
    def test_a_core_that_reaches_grpc_through_another_header_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(os.path.realpath(folder))
            for name, text in {
                    "server/core/machine.cc": '#include "between.h"\nint a;\n',
                    "server/core/between.h": "#include <grpc/support/port_platform.h>\n",
                    "server/store/store.cc": "#include <vector>\nint b;\n",
                    "server/store/log.cc": "int c;\n"}.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            build = root / "build"
            together = build / "Unity" / "unity_0_cxx.cxx"
            together.parent.mkdir(parents=True)
            together.write_text(f'#include "{root}/server/core/machine.cc"\n'
                                f'#include "{root}/server/store/log.cc"\n')
            alone = root / "server/store/store.cc"
            (build / "compile_commands.json").write_text(json.dumps(
                [{"directory": str(build), "command": f"ccache c++ -I{root} -c {path}",
                  "file": str(path)} for path in (together, alone)]))
            before, includes.repository.ROOT = includes.repository.ROOT, root
            names, includes.repository.files = includes.repository.files, lambda: [
                "server/core/machine.cc", "server/core/between.h", "server/store/log.cc",
                "server/store/store.cc"]
            try:
                count, found = includes.check_build(build)
            finally:
                includes.repository.ROOT, includes.repository.files = before, names
            self.assertEqual(count, 4)
            self.assertEqual(len(found), 2, found)
            for sentence, name in zip(sorted(found), ("between.h", "machine.cc")):
                self.assertIn(f"server/core/{name}: sees", sentence)
                self.assertIn("grpc", sentence)


if __name__ == "__main__":
    unittest.main()
