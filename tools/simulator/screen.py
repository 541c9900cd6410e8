"""What the viewer sees: a line for each thing that happens, in columns, coloured on a terminal."""

import os
import sys

import gate_client
from payments import yuan

_COLOURS = {"ALLOW": "32", "HOLD": "33", "BLOCK": "31", "CAUGHT": "35", "WRONG": "1;31",
            "title": "1"}
_COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def _paint(text, colour):
    return f"\033[{_COLOURS[colour]}m{text}\033[0m" if _COLOURED and colour in _COLOURS else text


def say(text=""):
    print(text, flush=True)


def title(number, text):
    say(f"\n{_paint(f'{number}. {text}', 'title')}")


def note(text):
    say(f"   {text}")


def moved(what, key, order, fen, result, remark="", milliseconds=None):
    """One movement: what it is, its key and order, its amount, what came of it."""
    took = "" if milliseconds is None else f"{milliseconds:5.1f} ms"
    # Padded before it is painted: colours have no width.
    result = _paint(f"{result:<8}", result)
    say(f"   {what:<11}{key:<11}{order:<8}{'CNY ' + yuan(fen):>12}   {result}{remark:<35}{took}"
        .rstrip())


def answered(what, order, fen, answer):
    """What the gate said to a check."""
    decision = answer.decision
    remark = "replayed" if decision.replayed else ", ".join(gate_client.why(decision))
    moved(what, decision.idempotency_key, order, fen, gate_client.verdict(decision), remark,
          answer.milliseconds)


def caught(violation, remark):
    """A violation, and what is said of it."""
    moved(violation.checkpoint, violation.idempotency_key, violation.order_id,
          violation.amount.minor_units, "CAUGHT", f"{gate_client.kind_of(violation)}, {remark}")
    note(f"The gate says: {violation.message}.")


def command(words, output):
    """What somebody typed, and what came of it."""
    say(f"   $ {words}")
    for text in output.splitlines():
        say(f"     {text}".rstrip())


def wrong(text):
    say(f"   {_paint('WRONG', 'WRONG')}: {text}")
