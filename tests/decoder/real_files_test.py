#!/usr/bin/python3
"""Real binlogs of MySQL 5.1 to 5.7 and MariaDB 10.0 decode to what other programs say of them.

    real_files_test.py DECODE_FILES TESTDATA

DECODE_FILES is the program of decode_files.cc. TESTDATA/binlog holds the binlogs; the environment's
FUNDGATE_TESTDATA wins over it. Ends with 77 (skipped) where it is missing.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import sys
import unittest

import mysqlbinlog_text
from mysqlbinlog_text import rows_of, rows_of_text

SKIPPED = 77
DECODE = ""
FOLDER = pathlib.Path()
BINLOGS = []  # all that can be read
DAMAGED = pathlib.Path()


def decode(path, *options):
    return mysqlbinlog_text.decode(DECODE, path, *options)


class MysqlbinlogText(unittest.TestCase):
    """Against text beside the files, and against mariadb-binlog where it is installed."""

    def compare(self, path, text):
        rows = rows_of(decode(path))
        self.assertIsNone(mysqlbinlog_text.difference(rows, rows_of_text(text)), path)
        return len(rows)

    def test_files_with_text_beside_them_hold_exactly_its_rows(self):
        count = 0
        for text in sorted(FOLDER.glob("zalora-parser/plaintext-*")):
            binlog = text.with_name(text.name.removeprefix("plaintext-"))
            count += self.compare(binlog, text.read_text(encoding="utf-8"))
        self.assertEqual(count, 22)

    def test_mariadb_binlog_finds_the_same_rows_in_every_file(self):
        if shutil.which("mariadb-binlog") is None:
            self.skipTest("mariadb-binlog (package mariadb-client) is not installed")
        count = 0
        for path in BINLOGS:
            count += self.compare(path, mysqlbinlog_text.printed_by_mariadb_binlog(path))
        self.assertGreater(count, 100)

    def test_no_binlog_that_has_rows_beside_it_is_left_out(self):
        beside = {path.name.removeprefix("plaintext-") for path in FOLDER.glob("*/plaintext-*")}
        beside |= {f"mysql-bin.{path.stem}" for path in FOLDER.glob("zalora-parser/0?.json")}
        self.assertEqual(beside, {path.name for path in BINLOGS if path.parent.name ==
                                  "zalora-parser"})
        others = {path for path in FOLDER.rglob("mysql-bin.*")} - set(BINLOGS)
        self.assertEqual(others, {DAMAGED})


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

    def test_a_table_without_changes_has_no_rows(self):
        recorded = FOLDER / "zalora-parser/01-no-events.json"
        self.assertEqual(list(self.recorded_rows(recorded)), [])
        self.assertEqual(
            rows_of(decode(FOLDER / "zalora-parser/mysql-bin.01", "--table", "test_db.none")), [])


# --- gh-ost's statements ------------------------------------------------------------------------

def changes_of_statements(text):
    """The full row changes, (operation, before, after), that the statements of gh-ost's samples
    make in their table, which has a primary key (@1) and a second unique one (@2). An after image
    that is None is a deletion. Understands what the samples say and nothing else."""
    table, changes, undone_to = {}, [], None
    columns = {"id": 0, "license": 1, "name": 2, "b": 3}

    def value(word):
        if word.startswith("x'"):
            return {"base64": base64.b64encode(bytes.fromhex(word[2:-1])).decode()}
        return word[1:-1] if word.startswith("'") else int(word)

    def change(operation, before, after):
        changes.append((operation, before, after))
        if before is not None:
            del table[before[0]]
        if after is not None:
            table[after[0]] = after

    def split(row):
        return [value(word) for word in re.findall(r"x?'[^']*'|\d+", row)]

    for statement in re.findall(r"^ *([a-z].*);$", text, re.MULTILINE):
        width = 4 if "b tinyblob" in text else 3
        if statement == "begin":
            undone_to = (dict(table), len(changes))
        elif statement == "rollback":
            table, changes = undone_to[0], changes[:undone_to[1]]
        elif match := re.match(r"(insert|replace) into samplet.*? values (.*)", statement):
            for row in re.findall(r"\(((?:x?'[^']*'|\d+|, ?)+)\)", match.group(2)):
                new = (split(row) + [None])[:width]
                same = [old for old in table.values() if old[0] == new[0] or old[1] == new[1]]
                # The server updates the last row that is in the way and deletes the others.
                for old in same[:-1]:
                    change("delete", old, None)
                change("update" if same else "insert", same[-1] if same else None, new)
        elif match := re.match(r"update samplet set (.*) where id(?:=| in )\(?([\d,]+)", statement):
            sets = re.findall(r"(\w+)=(x?'[^']*')", match.group(1))
            for key in map(int, match.group(2).split(",")):
                new = list(table[key])
                for name, word in sets:
                    new[columns[name]] = value(word)
                change("update", table[key], new)
        elif match := re.match(r"delete from samplet where (\w+) ?(>?=) ?(\d+)", statement):
            column, limit = columns[match.group(1)], int(match.group(3))
            for old in [row for row in table.values() if row[column] == limit or
                        (match.group(2) == ">=" and row[column] > limit)]:
                change("delete", old, None)
    return changes


class Statements(unittest.TestCase):
    """gh-ost's files hold what the statements in the texts beside them changed, with row images
    MINIMAL and NOBLOB: each image must be a part of the full one that the statement gives, and
    before and after together must be the full one."""

    def test_files_hold_exactly_the_changes_of_the_statements_beside_them(self):
        text = (FOLDER / "gh-ost/rbr-sample-2.txt").read_text(encoding="utf-8")
        expected = changes_of_statements(text)
        self.assertEqual(len(expected), 20)
        for path in sorted(FOLDER.glob("gh-ost/mysql-bin.*")):
            rows = [row for transaction in decode(path) for row in transaction["rows"]]
            self.assertEqual([row["op"] for row in rows], [change[0] for change in expected], path)
            for row, (_, before, after) in zip(rows, expected):
                self.assertEqual("before" in row, before is not None, (path, row))
                self.assertEqual("after" in row, after is not None, (path, row))
                full = {}
                if before is not None:
                    full = {f"@{i}": value for i, value in enumerate(before, 1)}
                    self.assertLessEqual(row["before"].items(), full.items(), path)
                    self.assertIn("@1", row["before"], path)
                if after is not None:
                    new = {f"@{i}": value for i, value in enumerate(after, 1)}
                    present = {**{name: None for name in new}, **full, **row["after"]}
                    self.assertEqual(present, new, path)

    def test_the_same_statements_give_the_rows_that_mysqlbinlog_printed(self):
        # A text whose binlog isn't there any more, of row images MINIMAL: it checks the checker.
        text = (FOLDER / "gh-ost/rbr-sample-0.txt").read_text(encoding="utf-8")
        printed = rows_of_text(text)
        expected = changes_of_statements(text)
        self.assertEqual([row[1] for row in printed], [change[0] for change in expected])
        for (_, _, *images), (_, *fulls) in zip(printed, expected):
            for image, full in zip(images, fulls):
                for number, value, *_ in image or ():
                    self.assertEqual(value.strip("'"), str(full[number - 1]))


class Damage(unittest.TestCase):
    def test_a_binlog_that_was_copied_as_text_is_refused_with_a_clear_error(self):
        with self.assertRaisesRegex(RuntimeError, "is not a binlog, or its beginning is damaged"):
            decode(DAMAGED)


if __name__ == "__main__":
    DECODE = sys.argv[1]
    FOLDER = pathlib.Path(os.environ.get("FUNDGATE_TESTDATA", sys.argv[2])) / "binlog"
    if not FOLDER.is_dir():
        print(f"skipped: {FOLDER} is missing; FUNDGATE_TESTDATA can name the folder that has it")
        sys.exit(SKIPPED)
    DAMAGED = FOLDER / "canal/tsdb/mysql-bin.000001"
    BINLOGS = [path for path in sorted(FOLDER.rglob("mysql-bin.*")) if path != DAMAGED]
    unittest.main(argv=sys.argv[:1])
