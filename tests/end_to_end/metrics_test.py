#!/usr/bin/python3
"""What gate and sidecar tell Prometheus is what the docs, the dashboard and the rules say.

UPDATE_GOLDEN=1 writes the tables of docs/metrics.md anew.
"""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FUNDGATE_BUILD", ROOT / "build" / "release"))
PAGE = ROOT / "docs" / "metrics.md"
RULES = ROOT / "config" / "prometheus" / "alert_rules.yaml"
DASHBOARD = ROOT / "config" / "grafana" / "fundgate.json"
NAME = re.compile(r"\b((?:fundgate|process)_[a-z0-9_]+)\b")
PATIENCE_S = 60
# The labels of what says nothing as long as nobody has fed the gate and nothing has moved, or of
# which the policy has none.
LABELS_OF_SILENT = {
    "fundgate_leased_minor_units": ["checkpoint", "currency"],
    "fundgate_leases": ["checkpoint"],
    "fundgate_plan_running": ["plan"],
    "fundgate_source_committed_timestamp_seconds": ["source"],
    "fundgate_source_position": ["source", "stream"],
    "fundgate_source_proven_lag_seconds": ["source"],
    "fundgate_violations_total": ["kind", "name", "risk_class"],
}


class Server:
    """One process that serves metrics; ended by its id."""

    def __init__(self, folder, command):
        self.port_file = pathlib.Path(folder, pathlib.Path(command[0]).name + ".metrics")
        self.process = subprocess.Popen(
            [*command, "--metrics", "127.0.0.1:0", "--metrics-port-file", str(self.port_file)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def wait_for(self, path):
        """The content of a file that the process writes."""
        until = time.monotonic() + PATIENCE_S
        while not path.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise AssertionError(f"it wrote no {path}: {self.process.stderr.read()}")
            time.sleep(0.01)
        return path.read_text().strip()

    def read(self):
        port = self.wait_for(self.port_file)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
            return page.read().decode()

    def end(self):
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)


def declared(text):
    """{name: (type, help)} of a page, without what the page's server tells of itself."""
    helps = dict(re.findall(r"^# HELP (\S+) (.*)$", text, re.MULTILINE))
    types = dict(re.findall(r"^# TYPE (\S+) (.*)$", text, re.MULTILINE))
    return {name: (types[name], helps[name]) for name in helps if NAME.fullmatch(name)}


def labels(text, name):
    """The labels of a metric's samples, sorted; le is every histogram's."""
    if name in LABELS_OF_SILENT:
        return LABELS_OF_SILENT[name]
    found = set()
    for match in re.findall(rf"^{name}(?:_bucket|_sum|_count)?{{([^}}]*)}}", text, re.MULTILINE):
        found |= set(re.findall(r"(\w+)=\"", match))
    return sorted(found - {"le"})


def undeclared(expressions, names):
    """Names in expressions that nobody tells."""
    unknown = set()
    for expression in expressions:
        for name in NAME.findall(expression):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            histogram = names.get(base, ("",))[0] == "histogram"
            if name not in names and not (base != name and histogram):
                unknown.add(name)
    return unknown


def expressions_of(dashboard):
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        yield variable["query"]


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="metrics-")
        cls.addClassCleanup(cls.folder.cleanup)
        folder = pathlib.Path(cls.folder.name)
        password = folder / "password"
        password.write_text("secret\n")
        password.chmod(0o600)
        # A database that isn't there: the sidecar tells of itself while it tries.
        policy = folder / "policy.yaml"
        policy.write_text((ROOT / "config" / "policy-mariadb.yaml").read_text()
                          .replace("127.0.0.1:3306", "127.0.0.1:1")
                          .replace("/etc/fundgate/pay_db.password", str(password)))
        port_file = folder / "port"
        cls.gate = Server(folder, [BUILD / "bin" / "fundgated", "--data", folder / "store",
                                   "--listen", "127.0.0.1:0", "--port-file", port_file,
                                   "--policy", policy, "--otlp", "http://127.0.0.1:1",
                                   "--journal-retention-days", "400"])
        cls.addClassCleanup(cls.gate.end)
        cls.address = "127.0.0.1:" + cls.gate.wait_for(port_file)
        cls.sidecar = Server(folder, [BUILD / "bin" / "fundgate-sidecar", "run", "--gate",
                                      cls.address, "--source", "pay_db"])
        cls.addClassCleanup(cls.sidecar.end)
        # Nobody proves anything: it is held.
        asked = subprocess.run(
            [BUILD / "bin" / "fundctl", "--address", cls.address, "check", "refund", "--key", "r1",
             "--account", "m1", "--order", "o1", "--amount", "CNY 1.00"],
            capture_output=True, text=True, check=False)
        assert asked.returncode == 10, asked.stdout + asked.stderr
        cls.gate_text = cls.gate.read()
        cls.sidecar_text = cls.sidecar.read()
        cls.names = {**declared(cls.gate_text), **declared(cls.sidecar_text)}

    def test_a_held_check_is_counted(self):
        self.assertRegex(self.gate_text, r'fundgate_decisions_total{checkpoint="refund",'
                                         r'verdict="HOLD",reason="[A-Z_]+"} 1\n')
        self.assertIn('fundgate_check_stage_seconds_count{stage="total"} 1\n', self.gate_text)
        self.assertIn('fundgate_holds_waiting 1\n', self.gate_text)
        self.assertIn('fundgate_sidecar_following{source="pay_db"} 0\n', self.sidecar_text)

    def test_prometheus_finds_nothing_wrong_with_the_pages(self):
        for text in (self.gate_text, self.sidecar_text):
            own = "".join(line + "\n" for line in text.splitlines() if "exposer_" not in line)
            checked = subprocess.run(["promtool", "check", "metrics"], input=own, text=True,
                                     capture_output=True, check=False)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)

    def test_the_docs_tell_of_each_metric(self):
        tables = {"gate": self.gate_text, "sidecar": self.sidecar_text}
        page = PAGE.read_text()
        for title, text in tables.items():
            rows = [f"| `{name}` | {kind} | {', '.join(labels(text, name))} | {help} |"
                    for name, (kind, help) in sorted(declared(text).items())
                    if title == "gate" or not name.startswith("process_")]
            table = "\n".join(["| metric | type | labels | meaning |", "| --- | --- | --- | --- |",
                               *rows])
            begin = f"<!-- metrics of the {title} -->\n"
            self.assertIn(begin, page)
            filled = f"{begin}{table}\n<!-- end -->"
            wanted = re.sub(f"(?s){begin}.*?<!-- end -->", lambda _: filled, page, count=1)
            if os.environ.get("UPDATE_GOLDEN"):
                PAGE.write_text(wanted)
                page = wanted
            self.assertEqual(page, wanted, "UPDATE_GOLDEN=1 writes docs/metrics.md anew")

    def test_the_dashboard_asks_for_nothing_that_nobody_tells(self):
        expressions = list(expressions_of(json.loads(DASHBOARD.read_text())))
        self.assertGreater(len(expressions), 40)
        self.assertEqual(undeclared(expressions, self.names), set())

    def test_the_rules_ask_for_nothing_that_nobody_tells(self):
        text = re.sub(r"^ *#.*$", "", RULES.read_text(), flags=re.MULTILINE)
        self.assertEqual(undeclared([text], self.names), set())

    def test_a_name_that_nobody_tells_is_found(self):
        self.assertEqual(undeclared(["rate(fundgate_decision_total[5m])"], self.names),
                         {"fundgate_decision_total"})
        self.assertEqual(undeclared(["fundgate_queue_length_bucket"], self.names),
                         {"fundgate_queue_length_bucket"})

    def test_every_rule_names_a_part_of_the_docs(self):
        headings = set(re.findall(r"^## (.*)$", (ROOT / "docs" / "operations.md").read_text(),
                                  re.MULTILINE))
        named = set(re.findall(r"runbook: \"(.*)\"", RULES.read_text()))
        self.assertGreater(len(named), 5)
        self.assertEqual(named - headings, set())

    def test_others_are_not_let_in_unless_told_so(self):
        refused = subprocess.run(
            [BUILD / "bin" / "fundgated", "--data", pathlib.Path(self.folder.name, "other"),
             "--metrics", "0.0.0.0:0"], capture_output=True, text=True, check=False)
        self.assertEqual(refused.returncode, 2, refused.stderr)
        self.assertIn("--metrics-insecure-listen", refused.stderr)


class Rules(unittest.TestCase):
    def test_prometheus_takes_them_and_they_say_what_they_should(self):
        tests = ROOT / "tests" / "end_to_end" / "alert_rules_test.yaml"
        for verb, file in (("check", RULES), ("test", tests)):
            checked = subprocess.run(["promtool", verb, "rules", file], text=True,
                                     capture_output=True, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_each_is_seen_to_speak_and_to_be_silent(self):
        alerts = re.findall(r"^      - alert: (\w+)$", RULES.read_text(), re.MULTILINE)
        tests = (ROOT / "tests" / "end_to_end" / "alert_rules_test.yaml").read_text()
        speaks = re.findall(r"alertname: (\w+)\n        exp_alerts:\n          - ", tests)
        self.assertGreater(len(alerts), 20)
        self.assertEqual(set(alerts), set(speaks))


if __name__ == "__main__":
    unittest.main()
