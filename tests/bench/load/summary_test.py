#!/usr/bin/python3
"""Proves what tools/bench says of its rounds: medians, ratios within rounds, goals, a picture."""
import pathlib
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tools" / "benchmark"))
import cells
import plot
import summary


def made_up(rates):
    """Rounds in which each server has these rates at 64, one a round."""
    chosen = [cells.unary("closed loop", server, outstanding=64) for server in rates]
    rounds = summary.Rounds(chosen)
    for cell in chosen:
        for rate in rates[cell.server]:
            rounds.add(cell, {"rate": rate, "p50": 1e8 / rate, "p99": 2e8 / rate,
                              "p99_9": 3e8 / rate, "max": 4e8 / rate, "cpu_of_check": 10,
                              "errors": 0})
    return rounds


class Summary(unittest.TestCase):
    def test_ratios_are_of_one_round_and_their_median_counts(self):
        # The machine was twice as fast in the second round: the ratio stays.
        rounds = made_up({"echo": [100, 200, 100], "fundgate": [60, 120, 50]})
        ratios = {what: values for what, values, *_ in summary.claims(rounds)}
        self.assertEqual(ratios["Check / bare echo at 64"], [0.6, 0.6, 0.5])
        self.assertRegex(summary.claims_table(rounds),
                         r"Check / bare echo at 64 +0\.60 +0\.50 +0\.60  at least 0\.55\n?$")

    def test_a_goal_that_is_missed_is_said_to_be(self):
        table = summary.claims_table(made_up({"echo": [100], "fundgate": [54]}))
        self.assertIn("at least 0.55   NOT MET", table)

    def test_what_was_not_measured_is_left_out(self):
        table = summary.claims_table(made_up({"echo": [100], "fundgate": [60]}))
        self.assertNotIn("Redis", table)

    def test_spread_is_half_of_what_lies_between_the_extremes(self):
        self.assertEqual(summary.spread_of([90, 100, 110]), 10)

    def test_errors_are_told(self):
        rounds = made_up({"fundgate": [60]})
        self.assertEqual(rounds.errors(), [])
        rounds.add(rounds.cells[0], {"rate": 0, "errors": 3, "first_error": "not allowed"})
        self.assertEqual(rounds.errors(),
                         ["fundgate, 64 outstanding: 3 errors, the first: not allowed"])

    def test_every_cell_has_a_row_and_no_two_are_one(self):
        chosen = cells.all_cells(["redis", "postgres", "mariadb"], 4000)
        rounds = summary.Rounds(chosen)
        self.assertEqual(len(rounds.results), len(chosen))
        for cell in chosen:
            rounds.add(cell, {"rate": 5000, "p50": 100})
        rows = [line for line in summary.results_table(rounds).splitlines() if "5,000" in line]
        self.assertEqual(len(rows), len(chosen))

    def test_the_picture_has_a_line_for_each_server_in_both_panels(self):
        picture = xml.etree.ElementTree.fromstring(
            plot.draw(made_up({"echo": [100], "fundgate": [60], "redis": [40]})))
        lines = picture.findall("{http://www.w3.org/2000/svg}polyline")
        self.assertEqual(len(lines), 6)


if __name__ == "__main__":
    unittest.main()
