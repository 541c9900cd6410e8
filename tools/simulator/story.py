"""The story: what a payment service does on a normal day, what goes wrong, and what stops the loss.

Each scene checks what came of it; the first that is otherwise ends the story.
"""

import datetime
import shlex
import subprocess
import threading
import time

import gate_client
import screen
from payments import yuan

CAUGHT_WITHIN = 1.0  # seconds from a commit to its violation
LOOKED_FOR = 10.0    # seconds after which it is given up


class WentWrong(Exception):
    """An outcome that is not as it should be."""


class Story:
    def __init__(self, service, another_server, fundctl, socket, pause):
        self._service = service
        self._another_server = another_server  # of the same service
        self._fundctl = fundctl                # the words that begin a command of it
        self._socket = socket
        self._pause = pause
        self._checked = 0
        self._scene = 0
        self._orders = []  # (merchant, order) of each

    def play(self):
        scenes = [self._refunds, self._a_retry, self._too_much, self._two_at_once,
                  self._settlement, self._mixed_units, self._by_hand, self._an_operator,
                  self._the_trace, self._the_sums]
        self._shop, self._grocer, self._baker = (
            f"m{self._service.number('merchant_number')}" for _ in range(3))
        for scene in scenes:
            scene()
            time.sleep(self._pause)
        screen.say(f"\n   {self._checked} outcomes, each as it should be.\n")

    # Checks.

    def _expect(self, fits, expected, got):
        self._checked += 1
        if not fits:
            raise WentWrong(f"expected {expected}, got {got}")

    def _expect_answer(self, answer, verdict, reason="", replayed=False):
        decision = answer.decision
        got = [gate_client.verdict(decision), *gate_client.why(decision)]
        fits = (got[0] == verdict and (not reason or reason in got[1:])
                and decision.replayed == replayed)
        self._expect(fits, " ".join([verdict, reason] + ["replayed"] * replayed),
                     " ".join(got + ["replayed"] * decision.replayed))

    # What happens in a scene, shown and checked.

    def _title(self, text, *notes):
        self._scene += 1
        screen.title(self._scene, text)
        for note in notes:
            screen.note(note)

    def _paid_order(self, merchant, fen):
        order = self._service.place_order(merchant, fen)
        key = self._service.take_payment(merchant, order, fen)
        self._orders.append((merchant, order))
        screen.moved("payment", key, order, fen, "paid", f"by a customer of {merchant}")
        return order

    def _refund(self, key, merchant, order, fen, verdict, reason=""):
        answer = self._service.refund(key, merchant, order, fen)
        screen.answered("refund", order, fen, answer)
        self._expect_answer(answer, verdict, reason)
        return answer

    def _ask_refund(self, key, merchant, order, fen, verdict, reason="", replayed=False):
        answer = self._service.ask_refund(key, merchant, order, fen)
        screen.answered("refund", order, fen, answer)
        self._expect_answer(answer, verdict, reason, replayed)
        return answer

    def _await_violation(self, account, kind, key):
        end = time.monotonic() + LOOKED_FOR
        while time.monotonic() < end:
            for violation in self._service.gate.violations(account):
                if (gate_client.kind_of(violation), violation.idempotency_key) == (kind, key):
                    return violation
            time.sleep(0.002)
        raise WentWrong(f"expected the violation {kind} of {key} within {LOOKED_FOR:.0f} s, got none")

    def _operate(self, *words):
        """Runs fundctl as an operator would, shows it, and gives what it printed."""
        ran = subprocess.run([*self._fundctl, *words], capture_output=True, text=True, check=False)
        screen.command(shlex.join(["fundctl", *words]), ran.stdout + ran.stderr)
        self._expect(ran.returncode == 0, "exit code 0 of fundctl", ran.returncode)
        return ran.stdout

    def _expect_words(self, text, *words):
        for word in words:
            self._expect(word in text, f"{word!r} in it", f"{text!r}")

    # Scenes.

    def _refunds(self):
        self._title("A customer pays, and gets a part back",
                    "The service asks the gate, writes its row, and confirms.")
        self._order = self._paid_order(self._shop, 100_00)
        self._refund(f"r{self._order[1:]}-1", self._shop, self._order, 35_00, "ALLOW")
        self._refund(f"r{self._order[1:]}-2", self._shop, self._order, 5_00, "ALLOW")

    def _a_retry(self):
        self._title("A refund is asked for twice",
                    "The answer got lost on its way. The second one is the same decision.")
        key = f"r{self._order[1:]}-3"
        asked = key, self._shop, self._order, 20_00
        first = self._ask_refund(*asked, "ALLOW")
        again = self._ask_refund(*asked, "ALLOW", replayed=True)
        self._expect(again.decision.decision_id == first.decision.decision_id,
                     f"decision {first.decision.decision_id}", again.decision.decision_id)
        self._service.pay_refund(again.decision, self._order, yuan(20_00))
        screen.note("Now it is paid. Whoever asks once more moves nothing.")
        self._ask_refund(*asked, "BLOCK", "ALREADY_MOVED")

    def _too_much(self):
        self._title("More would go back than was paid",
                    "CNY 60.00 of 100.00 are refunded already.")
        self._blocked = self._refund(f"r{self._order[1:]}-4", self._shop, self._order, 60_00,
                                     "BLOCK", "refunds_within_paid")

    def _two_at_once(self):
        self._title("Two servers refund one order at the same moment",
                    "Each has a number of its own for it, so no key can tell.")
        order = self._paid_order(self._shop, 80_00)
        begin = threading.Barrier(2)
        answers = {}

        def refund(service, key):
            begin.wait()
            answers[key] = service.refund(key, self._shop, order, 80_00)

        keys = [f"r{order[1:]}-1", f"r{order[1:]}-2"]
        threads = [threading.Thread(target=refund, args=(service, key))
                   for service, key in zip((self._service, self._another_server), keys)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for key in keys:
            self._expect(key in answers, f"an answer to {key}", "none")
            screen.answered("refund", order, 80_00, answers[key])
        allowed, blocked = sorted(
            answers.values(), key=lambda answer: gate_client.verdict(answer.decision))
        self._expect_answer(allowed, "ALLOW")
        self._expect_answer(blocked, "BLOCK", "refunds_within_paid")

    def _settlement(self):
        self._title("Orders are settled to the merchant, who cashes out",
                    "Of 300.00 the platform keeps 0.6 % as its fee.")
        orders = {self._paid_order(self._shop, fen): fen for fen in (200_00, 100_00)}
        answer = self._service.settle(self._shop, orders)
        screen.answered("settlement", ", ".join(orders), 300_00, answer)
        self._expect_answer(answer, "ALLOW")
        number = next(iter(orders))[1:]
        for part, fen, verdict, reason in (
                (1, 250_00, "ALLOW", ""), (2, 50_00, "BLOCK", "cash_out_within_settled"),
                (3, 48_20, "ALLOW", "")):
            answer = self._service.cash_out(f"c{number}-{part}", self._shop, fen, "bank-account-1")
            screen.answered("cash-out", "", fen, answer)
            self._expect_answer(answer, verdict, reason)

    def _mixed_units(self):
        self._title("A new release writes fen where the database has yuan",
                    "12.34 was asked for and allowed; the row says 1234.00.")
        order = self._paid_order(self._grocer, 5000_00)
        key = f"r{order[1:]}-1"
        answer = self._ask_refund(key, self._grocer, order, 12_34, "ALLOW")
        self._service.pay_refund(answer.decision, order, "1234.00")
        violation = self._await_violation(self._grocer, "unit_mismatch", key)
        screen.caught(violation, f"trips refunds of {self._grocer}")
        self._expect(violation.amount.minor_units == 1234_00, "CNY 1234.00",
                     yuan(violation.amount.minor_units))
        screen.note("The next refund waits for somebody to look.")
        self._refund(f"r{order[1:]}-2", self._grocer, order, 12_34, "HOLD",
                     f"BREAKER refund/account:{self._grocer}")

    def _by_hand(self):
        self._title("Somebody types a refund into the database",
                    "No check was made, and the service knows nothing of it.")
        self._bakers_order = self._paid_order(self._baker, 500_00)
        key = f"x{self._bakers_order[1:]}"
        statement = (f"INSERT INTO refund VALUES ('{key}', '{self._baker}', '{self._bakers_order}',"
                     " 50.00, 'SUCCESS', FALSE)")
        # The next statement's time comes after the return of the one before, which is its commit.
        typed = subprocess.run(
            ["mariadb", "--no-defaults", "--user=root", f"--socket={self._socket}", "--batch",
             "--skip-column-names", "pay", "-e", f"{statement}; SELECT UTC_TIMESTAMP(6)"],
            capture_output=True, text=True, check=False)
        violation = self._await_violation(self._baker, "ungated", key)
        seen = datetime.datetime.now(datetime.timezone.utc)
        screen.command(f"mariadb pay -e \"{statement}\"", typed.stderr)
        self._expect(typed.returncode == 0, "exit code 0 of mariadb", typed.returncode)
        committed = datetime.datetime.fromisoformat(typed.stdout.strip() + "+00:00")
        found = violation.at.ToDatetime(tzinfo=datetime.timezone.utc)
        late = (found - committed).total_seconds() * 1000  # the binlog may be faster than its client
        screen.caught(violation, f"{late:.1f} ms after COMMIT" if late > 0
                      else f"{-late:.1f} ms before COMMIT returned")
        self._hand_typed = violation
        self._expect((seen - committed).total_seconds() < CAUGHT_WITHIN,
                     f"it within {CAUGHT_WITHIN} s of COMMIT",
                     f"{(seen - committed).total_seconds():.3f} s")
        screen.note(f"{self._baker} is frozen: nothing of it moves until somebody has looked.")
        self._refund(f"r{self._bakers_order[1:]}-1", self._baker, self._bakers_order, 20_00, "HOLD",
                     f"BREAKER */account:{self._baker}")

    def _an_operator(self):
        self._title("An operator looks, and ends the freeze")
        listed = self._operate("violation", "list", "--account", self._baker)
        self._expect_words(listed, "ungated", self._hand_typed.id, "CNY 50.00")
        self._expect_words(self._operate("violation", "show", self._hand_typed.id),
                           "origin.server_id", "origin.statement", "INSERT INTO refund")
        self._expect_words(self._operate("breaker", "list"), f"*/account:{self._baker}",
                           f"refund/account:{self._grocer}")
        for scope, reason in ((f"*/account:{self._baker}", "the row was typed by a clerk"),
                              (f"refund/account:{self._grocer}", "the release was rolled back")):
            self._expect_words(self._operate("breaker", "reset", scope, "--reason", reason), "CLOSED")
        self._refund(f"r{self._bakers_order[1:]}-1", self._baker, self._bakers_order, 20_00, "ALLOW")

    def _the_trace(self):
        self._title("Why was that refund blocked?",
                    "Every decision can be explained later, and made again from the journal.")
        shown = self._operate("trace", "get", self._blocked.decision.decision_id)
        self._expect_words(shown, "BLOCK", "refunds_within_paid")
        self._expect_words(self._operate("trace", "verify"), "sound")

    def _the_sums(self):
        self._title("The gate's books are the database's tables")
        for merchant, order in self._orders:
            expected = {"paid": self._service.sum_of("payment", order),
                        "refunded": self._service.sum_of("refund", order)}
            end = time.monotonic() + LOOKED_FOR
            while True:
                counters = self._service.gate.counters(merchant, order)
                counted = {name: counters[name] for name in expected}
                if counted == expected or time.monotonic() > end:
                    break
                time.sleep(0.01)
            screen.note(f"{merchant:<4}{order:<5}paid CNY {yuan(counted['paid']):>8}"
                        f"   refunded CNY {yuan(counted['refunded']):>8}")
            self._expect(counted == expected, f"the tables' {expected}", counted)
