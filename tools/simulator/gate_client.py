"""The gate as a payment service uses it: asked before money moves, told what became of it."""

import collections
import time

import grpc
from fundgate.v1 import audit_pb2, audit_pb2_grpc, check_pb2, gate_pb2, gate_pb2_grpc, verdict_pb2
from fundgate.v1 import violation_pb2

PATIENCE = 10.0  # seconds for which a HOLD that says when to come back is asked again
TIMEOUT = 5.0    # seconds for one call

# The gate's last answer, and how long it took from the first asking on.
Answer = collections.namedtuple("Answer", "decision milliseconds")

_NAMED_BY_THEMSELVES = {verdict_pb2.REASON_CODE_INVARIANT, verdict_pb2.REASON_CODE_RULE}
_OF_SOMETHING = {verdict_pb2.REASON_CODE_BREAKER, verdict_pb2.REASON_CODE_STALE_SOURCE,
                 verdict_pb2.REASON_CODE_UNPROVEN}


def verdict(decision):
    return verdict_pb2.Verdict.Name(decision.verdict).removeprefix("VERDICT_")


def code(reason):
    return verdict_pb2.ReasonCode.Name(reason.code).removeprefix("REASON_CODE_")


def why(decision):
    """What asked for the verdict: the invariant's name, the breaker's scope, or the code."""
    def words(reason):
        if reason.code in _NAMED_BY_THEMSELVES:
            return reason.name
        return f"{code(reason)} {reason.name}" if reason.code in _OF_SOMETHING else code(reason)

    return [words(reason) for reason in decision.reasons if reason.verdict == decision.verdict]


class GateClient:
    def __init__(self, address):
        self._channel = grpc.insecure_channel(address)
        self._gate = gate_pb2_grpc.GateStub(self._channel)
        self._audit = audit_pb2_grpc.AuditStub(self._channel)

    def close(self):
        self._channel.close()

    def ask(self, request):
        """Asks until there is an answer that lasts: the same key each time, as the rules are."""
        began = time.monotonic()
        while True:
            decision = self._gate.Check(request, timeout=TIMEOUT)
            waited = time.monotonic() - began
            if not decision.HasField("retry_after") or waited > PATIENCE:
                return Answer(decision, waited * 1000)
            time.sleep(decision.retry_after.ToTimedelta().total_seconds())

    def confirm(self, decision):
        self._gate.Confirm(
            gate_pb2.ConfirmRequest(
                account_id=decision.account_id, checkpoint=decision.checkpoint,
                idempotency_key=decision.idempotency_key, decision_id=decision.decision_id),
            timeout=TIMEOUT)

    def violations(self, account):
        """Those of an account, the newest first."""
        return self._audit.ListViolations(
            audit_pb2.ListViolationsRequest(account_id=account), timeout=TIMEOUT).violations

    def counters(self, account, order):
        """What has been posted on the counters of an order's book, in fen."""
        book = self._audit.GetBook(
            audit_pb2.GetBookRequest(book="order", currency_code="CNY",
                                     key={"account_id": account, "order_id": order}),
            timeout=TIMEOUT).book
        return {counter.name: counter.posted for counter in book.counters}


def kind_of(violation):
    name = violation_pb2.ViolationKind.Name(violation.kind)
    return name.removeprefix("VIOLATION_KIND_").lower()


def request(checkpoint, key, account, fen, order="", lines=(), payee=""):
    made = check_pb2.CheckRequest(checkpoint=checkpoint, idempotency_key=key, account_id=account,
                                  order_id=order, lines=lines)
    made.amount.currency_code = "CNY"
    made.amount.minor_units = fen
    if payee:
        made.attributes["payee"].string_value = payee
    return made


def line(order, gross, fee):
    """One order's share of a settlement."""
    made = check_pb2.Line(order_id=order)
    for money, fen in ((made.amount, gross), (made.parts["net"], gross - fee),
                       (made.parts["fee"], fee)):
        money.currency_code = "CNY"
        money.minor_units = fen
    return made
