#!/usr/bin/python3
"""Proves what tools/bench --scale says of its figures: ratios within rounds, goals, and that what
wasn't measured is left out."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools" / "benchmark"))
import scale
import scale_table


def rounds_of(*rates):
    return [{"rate": rate, "p50": 100, "p99": 200, "errors": 0} for rate in rates]


def known(**phases):
    return {"state": {"keys": 100, "books": 10, "memory_mib": 1536}, "phases": phases}


def speed(new, old):
    return {"rounds": {"empty check 64 scattered": rounds_of(100, 200, 100),
                       "filled check 64 scattered": rounds_of(*new),
                       "filled check 64 old": rounds_of(*old)},
            "filled_peak_mib": 1900.0}


class ScaleTable(unittest.TestCase):
    def test_ratios_are_of_one_round_and_the_first_stands_by_itself(self):
        table = scale_table.table(known(speed=speed((20, 160, 80), (10, 100, 50))))
        self.assertRegex(table, r"Check, 64 outstanding +100 +80 +0\.80 +50 +0\.50 +200\n")
        self.assertRegex(table, r"first round.* 100 +20 +0\.20 +10 +0\.10")
        self.assertNotIn("NOT MET", table)

    def test_goals_that_are_missed_are_said_to_be(self):
        table = scale_table.table(known(
            speed={**speed((70, 140, 70), (70, 140, 70)), "filled_peak_mib": 2049.0},
            restart={"starts": [{"cold": True, "log_bytes": 2**20, "serving_s": 5.1}]}))
        self.assertEqual(table.count("NOT MET"), 3)

    def test_what_was_not_measured_is_left_out(self):
        self.assertEqual(len(scale_table.table(known()).splitlines()), 1)

    def test_disk_is_told_of_one_decision(self):
        table = scale_table.table(known(disk={"decisions": 10.0, "tables": {
            "journal": [9000, 13000], "keys": [5000, 6000], "books": [100, 150]}}))
        self.assertRegex(table, r"journal +400\n")
        self.assertRegex(table, r"books +105$")

    def test_errors_are_found_wherever_they_stand(self):
        phases = {"speed": {"rounds": {"a": [{"errors": 0}, {"errors": 2, "first_error": "late"}]}},
                  "disk": {"load": {"errors": 1, "first_error": "lost"}}}
        self.assertEqual(list(scale.errors_in(phases)),
                         ["2 errors, the first: late", "1 errors, the first: lost"])


if __name__ == "__main__":
    unittest.main()
