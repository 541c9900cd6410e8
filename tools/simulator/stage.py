"""What a story is played with: things to do, each shown as it happens, and outcomes to check."""

import datetime
import shlex
import subprocess
import time

import gate_client
import screen
from payments import yuan

LOOKED_FOR = 10.0  # seconds after which what should come of it is given up


class WentWrong(Exception):
    """An outcome that is not as it should be."""


class Stage:
    def __init__(self, service, fundctl, socket, pause):
        self.service = service
        self.checked = 0         # outcomes so far
        self.orders = []         # (merchant, order) of each that was paid
        self._fundctl = fundctl  # the words that every command of it begins with
        self._socket = socket    # of the database, for who types into it
        self._pause = pause      # seconds between two scenes
        self._scene = 0

    def begin_scene(self, title, *notes):
        if self._scene > 0:
            time.sleep(self._pause)
        self._scene += 1
        screen.title(self._scene, title)
        for note in notes:
            screen.note(note)

    # Checks.

    def expect(self, fits, expected, got):
        self.checked += 1
        if not fits:
            raise WentWrong(f"expected {expected}, got {got}")

    def expect_answer(self, answer, verdict, reason="", replayed=False):
        decision = answer.decision
        got = [gate_client.verdict(decision), *gate_client.why(decision)]
        fits = (got[0] == verdict and (not reason or reason in got[1:])
                and decision.replayed == replayed)
        self.expect(fits, " ".join([verdict, reason] + ["replayed"] * replayed),
                    " ".join(got + ["replayed"] * decision.replayed))

    def expect_words(self, text, *words):
        for word in words:
            self.expect(word in text, f"{word!r} in it", f"{text!r}")

    # Business.

    def paid_order(self, merchant, fen):
        order = self.service.place_order(merchant, fen)
        key = self.service.take_payment(merchant, order, fen)
        self.orders.append((merchant, order))
        screen.moved("payment", key, order, fen, "paid", f"by a customer of {merchant}")
        return order

    def refund(self, number, merchant, order, fen, verdict, reason=""):
        """Asks, and pays if it is allowed. `number` tells the refunds of an order apart."""
        answer = self.service.refund(refund_key(order, number), merchant, order, fen)
        screen.answered("refund", order, fen, answer)
        self.expect_answer(answer, verdict, reason)
        return answer

    def ask_refund(self, number, merchant, order, fen, verdict, reason="", replayed=False):
        """Only asks."""
        answer = self.service.ask_refund(refund_key(order, number), merchant, order, fen)
        screen.answered("refund", order, fen, answer)
        self.expect_answer(answer, verdict, reason, replayed)
        return answer

    # What is found, and what people do.

    def await_violation(self, account, kind, key):
        end = time.monotonic() + LOOKED_FOR
        while time.monotonic() < end:
            for violation in self.service.gate.violations(account):
                if (gate_client.kind_of(violation), violation.idempotency_key) == (kind, key):
                    return violation
            time.sleep(0.002)
        raise WentWrong(f"expected violation {kind} of {key} in {LOOKED_FOR:.0f} s, got none")

    def type_sql(self, statement):
        """Runs it as somebody at a terminal would. Gives when its commit had returned."""
        # The second statement's time is after the return of the first, which commits by itself.
        typed = subprocess.run(
            ["mariadb", "--no-defaults", "--user=root", f"--socket={self._socket}", "--batch",
             "--skip-column-names", "pay", "-e", f"{statement}; SELECT UTC_TIMESTAMP(6)"],
            capture_output=True, text=True, check=False)
        screen.command(f'mariadb pay -e "{statement}"', typed.stderr)
        self.expect(typed.returncode == 0, "exit code 0 of mariadb", typed.returncode)
        return datetime.datetime.fromisoformat(typed.stdout.strip() + "+00:00")

    def operate(self, *words):
        """Runs fundctl as an operator would, shows it, and gives what it printed."""
        ran = subprocess.run([*self._fundctl, *words], capture_output=True, text=True, check=False)
        screen.command(shlex.join(["fundctl", *words]), ran.stdout + ran.stderr)
        self.expect(ran.returncode == 0, "exit code 0 of fundctl", ran.returncode)
        return ran.stdout

    def compare_books(self, merchant, order):
        """The counters of the order's book equal the sums of the tables, once all is applied."""
        tables = {"paid": self.service.sum_of("payment", order),
                  "refunded": self.service.sum_of("refund", order)}
        end = time.monotonic() + LOOKED_FOR
        while True:
            counters = self.service.gate.counters(merchant, order)
            book = {name: counters[name] for name in tables}
            if book == tables or time.monotonic() > end:
                break
            time.sleep(0.01)
        screen.note(f"{merchant:<6}{order:<6}paid CNY {yuan(book['paid']):>8}"
                    f"   refunded CNY {yuan(book['refunded']):>8}")
        self.expect(book == tables, f"the tables' {tables}", book)


def refund_key(order, number):
    return f"r{order[1:]}-{number}"
