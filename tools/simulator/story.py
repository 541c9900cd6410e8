"""The story: a payment service's normal day, what goes wrong in it, and what stops the loss.

Each scene checks what comes of it; the first outcome that is otherwise ends the story.
"""

import datetime
import threading

import gate_client
import screen
from payments import yuan
from stage import Stage, refund_key

CAUGHT_WITHIN = 1.0  # seconds from COMMIT's return until the violation was seen


class Story(Stage):
    def play(self, another_server):
        """`another_server` is one more of the same service, for what happens at once."""
        shop, grocer, baker = (f"m{self.service.number('merchant_number')}" for _ in range(3))
        order = self.a_normal_day(shop)
        self.a_retry(shop, order)
        blocked = self.too_much(shop, order)
        self.two_at_once(shop, another_server)
        self.settlement(shop)
        self.mixed_units(grocer)
        order, violation = self.by_hand(baker)
        self.an_operator(baker, order, violation, grocer)
        self.the_trace(blocked)
        self.the_sums()
        screen.say(f"\n   {self.checked} outcomes, each as it should be.\n")

    def a_normal_day(self, shop):
        self.begin_scene("A customer pays, and gets a part back",
                         "The service asks the gate, writes its row, and confirms.")
        order = self.paid_order(shop, 100_00)
        self.refund(1, shop, order, 35_00, "ALLOW")
        self.refund(2, shop, order, 5_00, "ALLOW")
        return order

    def a_retry(self, shop, order):
        self.begin_scene("A refund is asked for twice",
                         "The answer got lost on its way. The second one is the same decision.")
        refund = 3, shop, order, 20_00
        first = self.ask_refund(*refund, "ALLOW").decision
        again = self.ask_refund(*refund, "ALLOW", replayed=True).decision
        self.expect(again.decision_id == first.decision_id, f"decision {first.decision_id}",
                    again.decision_id)
        self.service.pay_refund(again, order, yuan(20_00))
        screen.note("Now it is paid. Whoever asks once more moves nothing.")
        self.ask_refund(*refund, "BLOCK", "ALREADY_MOVED")

    def too_much(self, shop, order):
        self.begin_scene("More would go back than was paid",
                         "Of CNY 100.00, 60.00 are refunded already.")
        return self.refund(4, shop, order, 60_00, "BLOCK", "refunds_within_paid").decision

    def two_at_once(self, shop, another_server):
        self.begin_scene("Two servers refund one order at the same moment",
                         "Each has a number of its own for it, so no key can tell.")
        order = self.paid_order(shop, 80_00)
        begin, answers = threading.Barrier(2), {}

        def refund(service, number):
            begin.wait()
            answers[number] = service.refund(refund_key(order, number), shop, order, 80_00)

        threads = [threading.Thread(target=refund, args=(service, number))
                   for number, service in enumerate((self.service, another_server), 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.expect(len(answers) == 2, "two answers", len(answers))
        for _, answer in sorted(answers.items()):
            screen.answered("refund", order, 80_00, answer)
        allowed, blocked = sorted(
            answers.values(), key=lambda answer: gate_client.verdict(answer.decision))
        self.expect_answer(allowed, "ALLOW")
        self.expect_answer(blocked, "BLOCK", "refunds_within_paid")

    def settlement(self, shop):
        self.begin_scene("Orders are settled to the merchant, who cashes out",
                         "Of CNY 300.00 the platform keeps 0.6 % as its fee.")
        amounts = {self.paid_order(shop, fen): fen for fen in (200_00, 100_00)}
        answer = self.service.settle(shop, amounts)
        screen.answered("settlement", ",".join(amounts), sum(amounts.values()), answer)
        self.expect_answer(answer, "ALLOW")
        for number, fen, verdict, reason in ((1, 250_00, "ALLOW", ""),
                                             (2, 50_00, "BLOCK", "cash_out_within_settled"),
                                             (3, 48_20, "ALLOW", "")):
            answer = self.service.cash_out(f"c{shop[1:]}-{number}", shop, fen, "bank-account-1")
            screen.answered("cash-out", "", fen, answer)
            self.expect_answer(answer, verdict, reason)

    def mixed_units(self, grocer):
        self.begin_scene("A new release writes fen where the database has yuan",
                         "12.34 was asked for and allowed; the row says 1234.00.")
        order = self.paid_order(grocer, 5000_00)
        allowed = self.ask_refund(1, grocer, order, 12_34, "ALLOW").decision
        self.service.pay_refund(allowed, order, "1234.00")
        violation = self.await_violation(grocer, "unit_mismatch", allowed.idempotency_key)
        screen.caught(violation, f"trips refunds of {grocer}")
        self.expect(violation.amount.minor_units == 1234_00, "CNY 1234.00",
                    yuan(violation.amount.minor_units))
        screen.note("The next refund waits for somebody to look.")
        self.refund(2, grocer, order, 12_34, "HOLD", f"BREAKER refund/account:{grocer}")

    def by_hand(self, baker):
        self.begin_scene("Somebody types a refund into the database",
                         "No check was made, and the service knows nothing of it.")
        order = self.paid_order(baker, 500_00)
        key = f"by-hand-{order[1:]}"
        committed = self.type_sql(
            f"INSERT INTO refund VALUES ('{key}', '{baker}', '{order}', 50.00, 'SUCCESS', FALSE)")
        violation = self.await_violation(baker, "ungated", key)
        seen = datetime.datetime.now(datetime.timezone.utc)
        # The binlog's reader may be faster than the answer to its writer.
        late = (violation.at.ToDatetime(tzinfo=datetime.timezone.utc) - committed).total_seconds()
        screen.caught(violation, f"{late * 1000:.1f} ms after COMMIT" if late > 0
                      else f"{-late * 1000:.1f} ms before COMMIT returned")
        seen_after = (seen - committed).total_seconds()
        self.expect(seen_after < CAUGHT_WITHIN, f"it within {CAUGHT_WITHIN:.0f} s of COMMIT",
                    f"{seen_after:.3f} s")
        screen.note(f"{baker} is frozen: nothing of it moves until somebody has looked.")
        self.refund(1, baker, order, 20_00, "HOLD", f"BREAKER */account:{baker}")
        return order, violation

    def an_operator(self, baker, order, violation, grocer):
        self.begin_scene("An operator looks, and ends the freeze")
        self.expect_words(self.operate("violation", "list", "--account", baker),
                          violation.id, "ungated", "CNY 50.00")
        self.expect_words(self.operate("violation", "show", violation.id), "origin.server_id",
                          f"INSERT INTO refund VALUES ('{violation.idempotency_key}'")
        freeze, trip = f"*/account:{baker}", f"refund/account:{grocer}"
        self.expect_words(self.operate("breaker", "list"), freeze, trip)
        for scope, reason in ((freeze, "the row was typed by a clerk"),
                              (trip, "the release was rolled back")):
            self.expect_words(self.operate("breaker", "reset", scope, "--reason", reason), "CLOSED")
        self.refund(1, baker, order, 20_00, "ALLOW")

    def the_trace(self, blocked):
        self.begin_scene("Why was that refund blocked?",
                         "Every decision can be explained, and made again from the journal.")
        self.expect_words(self.operate("trace", "get", blocked.decision_id),
                          blocked.idempotency_key, "BLOCK", "refunds_within_paid")
        self.expect_words(self.operate("trace", "verify"), "sound")

    def the_sums(self):
        self.begin_scene("The gate's books are the database's tables")
        for merchant, order in self.orders:
            self.compare_books(merchant, order)
