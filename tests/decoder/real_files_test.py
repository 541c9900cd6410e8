#!/usr/bin/python3
"""Real binlogs of MySQL 5.1 to 5.7 and MariaDB 10.0 decode to what other programs say of them.

    real_files_test.py DECODE_FILES TESTDATA

DECODE_FILES is the program of decode_files.cc. TESTDATA/binlog holds the binlogs; the environment's
FUNDGATE_TESTDATA wins over it. Ends with 77 (skipped) where it is missing.
"""

import base64
import calendar
import decimal
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

SKIPPED = 77
DECODE = ""
FOLDER = pathlib.Path()


def decode(path, *options):
    """The transactions of a file. Strings whose character set isn't logged are read as UTF-8."""
    done = subprocess.run([DECODE, "--charset", "utf8mb4", *options, str(path)],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def rows_of(transactions):
    """(table, operation, before, after) of all rows, images as lists of values."""
    def image(row, name):
        return list(row[name].values()) if name in row else None
    return [(row["table"], row["op"], image(row, "before"), image(row, "after"))
            for transaction in transactions for row in transaction["rows"]]


# --- mysqlbinlog's text -------------------------------------------------------------------------

_ROW = re.compile(r"^### (INSERT INTO|UPDATE|DELETE FROM) `(.*)`\.`(.*)`$")
_VALUE = re.compile(r"^###   @(\d+)=(.*?)(?: /\* (\w+).*\*/)?$", re.DOTALL)
_OPERATIONS = {"INSERT INTO": "insert", "UPDATE": "update", "DELETE FROM": "delete"}


def rows_of_text(text):
    """What rows_of gives, from the pseudo-statements of `mysqlbinlog --verbose --verbose`.

    Each value is (text, type name or None). Lines that belong to a string go on until the next one
    that begins like a line of the program.
    """
    rows, image, last = [], None, None
    for line in re.split(r"\n(?=#|/\*|COMMIT|BINLOG|BEGIN|SET|'|DELIMITER|ROLLBACK)", text):
        row = _ROW.match(line)
        if row:
            last = (f"{row.group(2)}.{row.group(3)}", _OPERATIONS[row.group(1)], [], [])
            rows.append(last)
        elif line == "### WHERE":
            image = last[2]
        elif line == "### SET":
            image = last[3]
        elif line.startswith("###   @"):
            value = _VALUE.match(line)
            image.append((value.group(2), value.group(3)))
    return [(table, op, before or None, after or None) for table, op, before, after in rows]


def unescaped(text):
    r"""A quoted string of mysqlbinlog: \xHH, \n and the like are bytes."""
    raw = text.encode("utf-8", "surrogateescape")
    raw = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), raw)
    return raw.replace(rb"\'", b"'").replace(b"\\\\", b"\\")


def value_agrees(ours, text, kind):
    """Whether a decoded value is what mysqlbinlog printed."""
    if text == "NULL" or ours is None:
        return text == "NULL" and ours is None
    if isinstance(ours, dict):
        return base64.b64decode(ours["base64"]) == unescaped(text[1:-1])
    if kind == "TIMESTAMP" or (kind is None and re.match(r"^\d{9,10}$", text)
                               and isinstance(ours, str)):
        if ours.startswith("0000"):
            return int(text) == 0
        return calendar.timegm(time.strptime(ours[:19], "%Y-%m-%d %H:%M:%S")) == int(text)
    if kind in ("FLOAT", "DOUBLE"):
        return abs(float(ours) - float(text.split()[0])) <= 1e-5 * max(1.0, abs(float(ours)))
    if kind == "DECIMAL":
        return decimal.Decimal(ours) == decimal.Decimal(text)
    if isinstance(ours, int):
        if text.startswith("b'"):
            return ours == int(text[2:-1], 2)
        return ours == int(text.split()[0])
    if not text.startswith("'"):
        return ours == text
    plain = unescaped(text[1:-1])
    if kind == "DATE":
        plain = plain.replace(b":", b"-")
    return ours.encode() == plain


class MysqlbinlogText(unittest.TestCase):
    """Against text beside the files, and against mariadb-binlog where it is installed."""

    def compare(self, path, text):
        expected = rows_of_text(text)
        rows = rows_of(decode(path))
        self.assertEqual([row[:2] for row in rows], [row[:2] for row in expected], path)
        for number, (ours, theirs) in enumerate(zip(rows, expected)):
            for images in ((ours[2], theirs[2]), (ours[3], theirs[3])):
                self.assertEqual(images[0] is None, images[1] is None, (path, number))
                if images[0] is None:
                    continue
                self.assertEqual(len(images[0]), len(images[1]), (path, number))
                for value, (printed, kind) in zip(*images):
                    self.assertTrue(value_agrees(value, printed, kind),
                                    (str(path), number, value, printed, kind))
        return len(rows)

    def test_files_with_text_beside_them_hold_exactly_its_rows(self):
        count = 0
        for text in sorted(FOLDER.glob("zalora-parser/plaintext-*")):
            binlog = text.with_name(text.name.removeprefix("plaintext-"))
            count += self.compare(binlog, text.read_text(encoding="utf-8"))
        self.assertEqual(count, 22)

    def test_mariadb_binlog_finds_the_same_rows_in_every_file(self):
        program = shutil.which("mariadb-binlog")
        if program is None:
            self.skipTest("mariadb-binlog (package mariadb-client) is not installed")
        count = 0
        for path in sorted(FOLDER.glob("*/mysql-bin.*")) + sorted(
                FOLDER.glob("canal/tsdb/mysql-bin.00000[23]")):
            printed = subprocess.run([program, "--base64-output=decode-rows", "-vv", str(path)],
                                     capture_output=True, check=True)
            count += self.compare(path, printed.stdout.decode("utf-8", "surrogateescape"))
        self.assertGreater(count, 100)


# --- The parser's JSON --------------------------------------------------------------------------

def json_values(path):
    """All values of a file of JSON documents one behind another."""
    text, at, decoder = path.read_text(encoding="utf-8"), 0, json.JSONDecoder()
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = decoder.raw_decode(text, at)
        yield value


def columns_of_schema(path):
    """{table: [column, ...]} of the CREATE TABLE statements of a dump."""
    tables, current = {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("CREATE TABLE"):
            current = tables.setdefault(line.split("`")[1], [])
        elif current is not None and line.startswith("  `"):
            current.append(line.split("`")[1])
    return tables


class ParserJson(unittest.TestCase):
    """Against the rows that another parser's authors recorded."""

    def image(self, recorded, table):
        """A recorded row in the order of the table's columns."""
        if any(name.startswith("(unknown_") for name in recorded):
            return [recorded[f"(unknown_{i})"] for i in range(len(recorded))]
        return [recorded[name] for name in self.schema[table] if name in recorded]

    def recorded_rows(self, path):
        for entry in json_values(path):
            table = entry["Header"]["Schema"] + "." + entry["Header"]["Table"]
            image = lambda data, name=entry["Header"]["Table"]: self.image(data["Row"], name)
            if entry["Type"] == "Insert":
                yield table, "insert", None, image(entry["Data"])
            elif entry["Type"] == "Delete":
                yield table, "delete", image(entry["Data"]), None
            elif entry["Type"] == "Update":
                yield table, "update", image(entry["OldData"]), image(entry["NewData"])

    def setUp(self):
        self.schema = columns_of_schema(FOLDER / "zalora-parser/test_db.sql")

    def test_files_with_json_beside_them_hold_exactly_its_rows(self):
        count = 0
        for recorded in sorted(FOLDER.glob("zalora-parser/0?.json")):
            expected = list(self.recorded_rows(recorded))
            binlog = recorded.with_name("mysql-bin." + recorded.stem)
            self.assertEqual(rows_of(decode(binlog)), expected, recorded)
            count += len(expected)
        self.assertEqual(count, 22)

    def test_statements_of_the_json_are_told_as_statements_or_as_unreadable(self):
        for recorded in sorted(FOLDER.glob("zalora-parser/0?.json")):
            told = ""
            for transaction in decode(recorded.with_name("mysql-bin." + recorded.stem)):
                told += "".join(entry["sql"] for entry in transaction.get("statements", []))
                told += "".join(entry["reason"] for entry in transaction.get("unreadable", []))
            for entry in json_values(recorded):
                if entry["Type"] == "Query":
                    self.assertTrue(entry["Query"] in told or
                                    entry["Query"].replace("\n", " ") in told, entry["Query"])

    def test_one_table_can_be_asked_for(self):
        recorded = FOLDER / "zalora-parser/01-include-table.json"
        expected = list(self.recorded_rows(recorded))
        rows = rows_of(decode(FOLDER / "zalora-parser/mysql-bin.01", "--table", expected[0][0]))
        self.assertEqual(rows, expected)

    def test_a_binlog_without_events_has_no_transactions(self):
        self.assertEqual(decode(FOLDER / "zalora-parser/mysql-bin.empty"), [])


class PartialImages(unittest.TestCase):
    """gh-ost's files hold what the statements in its rbr-sample-2.txt changed, with row images
    MINIMAL and NOBLOB: applied to an empty table they give what the statements give."""

    FINAL = {1: (1, "a"), 2: (4, "replaced 2,4"), 5: (5, "update 5,6"), 6: (6, "update 5,6"),
             9: (9, "update 9b"), 10: (10, "10")}

    def test_rows_applied_to_a_table_give_what_the_statements_give(self):
        for path in sorted(FOLDER.glob("gh-ost/mysql-bin.*")):
            table = {}
            for transaction in decode(path):
                for row in transaction["rows"]:
                    old = {}
                    if "before" in row:
                        old = table.pop(row["before"]["@1"])
                        self.assertEqual({**old, **row["before"]}, old, path)
                    if "after" in row:
                        new = {**old, **row["after"]}
                        table[new["@1"]] = new
            final = {key: (row["@2"], row["@3"]) for key, row in table.items()}
            self.assertEqual(final, self.FINAL, path)
            picture = base64.b64decode(table[9]["@4"]["base64"])
            self.assertTrue(picture.startswith(b"\x89PNG"), path)


class Damage(unittest.TestCase):
    def test_a_binlog_that_was_copied_as_text_is_refused_with_a_clear_error(self):
        path = FOLDER / "canal/tsdb/mysql-bin.000001"
        with self.assertRaisesRegex(RuntimeError, "is not a binlog, or its beginning is damaged"):
            decode(path)


if __name__ == "__main__":
    DECODE = sys.argv[1]
    FOLDER = pathlib.Path(os.environ.get("FUNDGATE_TESTDATA", sys.argv[2])) / "binlog"
    if not FOLDER.is_dir():
        print(f"skipped: {FOLDER} is missing; FUNDGATE_TESTDATA can name the folder that has it")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
