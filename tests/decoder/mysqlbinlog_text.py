#!/usr/bin/python3
"""What mariadb-binlog and mysqlbinlog print of rows, and whether the decoder says the same.

    mysqlbinlog_text.py DECODE_FILES BINLOG...

Decodes the binlogs with DECODE_FILES (the program of decode_files.cc) and with mariadb-binlog
--verbose --verbose, and ends with 1, naming the first difference, unless both say the same rows.
"""

import base64
import calendar
import decimal
import json
import re
import subprocess
import sys
import time
import zlib

# --- What the decoder says ------------------------------------------------------------------------


def decode(program, path, *options):
    """The transactions of a file. Strings whose character set isn't logged are read as UTF-8."""
    done = subprocess.run([program, "--charset", "utf8mb4", *options, str(path)],
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


# --- What the text says ---------------------------------------------------------------------------

_ROW = re.compile(r"^### (INSERT INTO|UPDATE|DELETE FROM) `(.*)`\.`(.*)`$")
_VALUE = re.compile(r"^###   @(\d+)=(.*?)(?: /\* ([\w/]+)(?:\(\d+\))?( COMPRESSED)?[^']*\*/)?$",
                    re.DOTALL)
_OPERATIONS = {"INSERT INTO": "insert", "UPDATE": "update", "DELETE FROM": "delete"}


def rows_of_text(text):
    """What rows_of gives, from the pseudo-statements of `mysqlbinlog --verbose --verbose`.

    Each value is (column's number from 1, text, type name or None, whether it is COMPRESSED). Lines
    that belong to a string go on until the next one that begins like a line of the program.
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
            image.append((int(value.group(1)), value.group(2), value.group(3),
                          value.group(4) is not None))
    return [(table, op, before or None, after or None) for table, op, before, after in rows]


# Of MariaDB's character sets, where Python names them otherwise.
_CODECS = {"utf8mb4": "utf-8", "utf8mb3": "utf-8", "ucs2": "utf-16-be", "utf16": "utf-16-be",
           "utf32": "utf-32-be", "sjis": "cp932", "ujis": "euc_jp", "euckr": "euc_kr",
           "koi8r": "koi8_r", "greek": "iso8859_7"}


def definitions_of(text):
    """{number of a column: (codec, labels)} from --print-table-metadata, for one table a file."""
    block = re.search(r"^# Columns\((.*?)\n# Primary Key", text, re.MULTILINE | re.DOTALL)
    found = {}
    for number, column in enumerate(re.findall(r"`[^`]*` [^`]*", block.group(1)), 1):
        charset = re.search(r"CHARSET (\w+)", column)
        codec = _CODECS.get(charset.group(1), charset.group(1)) if charset else None
        labels = re.search(r"(?:ENUM|SET)\('(.*)'\)", column)
        names = labels.group(1).encode("utf-8", "surrogateescape").decode(codec).split("','") \
            if labels else None
        found[number] = (codec, names)
    return found


def unescaped(text):
    r"""The bytes of a quoted string: \xHH, \' and \\ are such."""
    raw = text[1:-1].encode("utf-8", "surrogateescape")
    raw = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), raw)
    return raw.replace(rb"\'", b"'").replace(b"\\\\", b"\\")


def uncompressed(raw):
    """The contents of a COMPRESSED column: one byte says how, then the length, then deflate."""
    if not raw or raw[0] == 0:
        return raw[1:]
    return zlib.decompress(raw[1 + (raw[0] & 7):], wbits=-15)


def text_agrees(ours, raw, codec):
    """latin1 of MariaDB is cp1252, of which the undefined bytes are control characters."""
    if codec == "latin1":
        return "".join(bytes([byte]).decode("cp1252" if byte not in b"\x81\x8d\x8f\x90\x9d"
                                            else "latin1") for byte in raw) == ours
    return raw.decode(codec or "utf-8", "surrogateescape") == ours


def value_agrees(ours, printed, definitions):
    """Whether a decoded value is what was printed."""
    number, text, kind, compressed = printed
    codec, labels = definitions.get(number, (None, None))
    if text == "NULL" or ours is None:
        return text == "NULL" and ours is None
    if isinstance(ours, dict):
        mine, raw = base64.b64decode(ours["base64"]), unescaped(text)
        if compressed:
            return mine == uncompressed(raw)
        # BINARY, UUID and INET come without the zeros at their end.
        return mine == (raw.ljust(len(mine), b"\0") if kind == "STRING" else raw)
    if kind == "TIMESTAMP" or (kind is None and re.match(r"^\d{9,10}$", text)
                               and isinstance(ours, str)):
        seconds, _, fraction = text.partition(".")
        if ours.startswith("0000"):
            return int(seconds) == 0 and not fraction.strip("0")
        return (calendar.timegm(time.strptime(ours[:19], "%Y-%m-%d %H:%M:%S")) == int(seconds)
                and ours[20:] == fraction)
    if kind in ("FLOAT", "DOUBLE"):
        return abs(float(ours) - float(text.split()[0])) <= 1e-5 * max(1.0, abs(float(ours)))
    if kind == "DECIMAL":
        return decimal.Decimal(ours) == decimal.Decimal(text)
    if kind == "YEAR" and ours == 0:
        return text == "1900"  # the program has no name for it
    if isinstance(ours, int):
        if text.startswith("b'"):
            return ours == int(text[2:-1], 2)
        # Negative ones are printed with what they are if they are unsigned: "-1 (255)".
        return ours in [int(part) for part in re.findall(r"-?\d+", text)]
    if labels is not None and text.startswith("b'"):
        # Byte by byte, the least first.
        bits = int("".join(reversed(re.findall(".{8}", text[2:-1]))), 2)
        return ours == ",".join(name for i, name in enumerate(labels) if bits >> i & 1)
    if labels is not None:
        return ours == (["", *labels][int(text)])
    if not text.startswith("'"):
        return ours == text
    if kind == "DATE":
        return ours == text[1:-1].replace(":", "-")
    raw = unescaped(text)
    if compressed:
        # Of these columns the program doesn't print the character set.
        return uncompressed(raw) in (ours.encode(), ours.encode("cp1252", "replace"))
    return text_agrees(ours, raw, codec)


def difference(ours, theirs, definitions=None):
    """A sentence about the first difference between rows_of and rows_of_text, or None."""
    if [row[:2] for row in ours] != [row[:2] for row in theirs]:
        return f"other rows: {[row[:2] for row in ours]} and {[row[:2] for row in theirs]}"
    for row, (mine, printed) in enumerate(zip(ours, theirs)):
        for values, expected in zip(mine[2:], printed[2:]):
            if (values is None) != (expected is None) or len(values or ()) != len(expected or ()):
                return f"row {row} of {mine[0]} has another number of columns"
            for value, told in zip(values or (), expected or ()):
                if not value_agrees(value, told, definitions or {}):
                    return f"row {row} of {mine[0]}: {value!r:.200} and {told!r:.200}"
    return None


def printed_by_mariadb_binlog(path, *options):
    done = subprocess.run(["mariadb-binlog", "--base64-output=decode-rows", "-vv", *options,
                           str(path)], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "surrogateescape")


def main(program, paths):
    count = 0
    for path in paths:
        text = printed_by_mariadb_binlog(path, "--print-table-metadata")
        rows = rows_of(decode(program, path))
        found = difference(rows, rows_of_text(text), definitions_of(text) if rows else {})
        if found is not None:
            print(f"{path}: the decoder and mariadb-binlog differ: {found}")
            return 1
        count += len(rows)
    print(f"{count} rows are what mariadb-binlog prints")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
