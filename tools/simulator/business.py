"""Business as usual, a few movements a second: orders, payments, refunds, settlements, cash-outs.

Now and then somebody asks for more than there is. Only what the gate allows is done.
"""

import random

import grpc
import pymysql

import gate_client
import screen
from payments import fee_of

PAUSE = 0.3       # seconds between two movements
OPEN_ORDERS = 50  # for each merchant; the oldest is settled then
MERCHANTS = 3


class Merchant:
    def __init__(self, service):
        self.account = f"m{service.number('merchant_number')}"
        self.orders = {}     # paid and not settled: what of them isn't refunded, in fen
        self.balance = 0     # settled and not cashed out
        self.movements = 0   # numbers its refunds and cash-outs


class Business:
    def __init__(self, connect):
        self._connect = connect
        self._service = connect()
        self._merchants = [Merchant(self._service) for _ in range(MERCHANTS)]

    def go_on(self, stopped):
        """Until the event is set; a movement that has begun is finished."""
        while not stopped.wait(PAUSE):
            merchant = random.choice(self._merchants)
            try:
                if self._service is None:
                    self._service = self._connect()
                self._do_something(merchant)
            except (grpc.RpcError, pymysql.Error) as error:
                screen.note(f"not possible now: {' '.join(str(error).split())[:200]}")
                self._service = None

    def _do_something(self, merchant):
        what = random.random()
        if what < 0.5 or not merchant.orders:
            self._sell(merchant)
        elif what < 0.85:
            self._refund(merchant)
        elif what < 0.95 or len(merchant.orders) > OPEN_ORDERS:
            self._settle(merchant)
        else:
            self._cash_out(merchant)

    def _sell(self, merchant):
        fen = random.randint(5_00, 500_00)
        order = self._service.place_order(merchant.account, fen)
        key = self._service.take_payment(merchant.account, order, fen)
        merchant.orders[order] = fen
        screen.moved("payment", key, order, fen, "paid", f"by a customer of {merchant.account}")

    def _refund(self, merchant):
        order, left = random.choice(list(merchant.orders.items()))
        merchant.movements += 1
        # One in ten wants more than is left.
        fen = left + 1_00 if random.random() < 0.1 else random.randint(1, max(left, 1))
        answer = self._service.refund(f"r{order[1:]}-{merchant.movements}", merchant.account, order,
                                      fen)
        screen.answered("refund", order, fen, answer)
        if gate_client.verdict(answer.decision) == "ALLOW":
            merchant.orders[order] = left - fen

    def _settle(self, merchant):
        orders = {order: left for order, left in list(merchant.orders.items())[:3] if left > 0}
        for order in list(merchant.orders)[:3]:
            del merchant.orders[order]
        if not orders:
            return
        answer = self._service.settle(merchant.account, orders)
        screen.answered("settlement", f"{len(orders)} of", sum(orders.values()), answer)
        if gate_client.verdict(answer.decision) == "ALLOW":
            merchant.balance += sum(fen - fee_of(fen) for fen in orders.values())

    def _cash_out(self, merchant):
        fen = merchant.balance // 2
        if fen == 0:
            return
        merchant.movements += 1
        key = f"c-{merchant.account}-{merchant.movements}"
        answer = self._service.cash_out(key, merchant.account, fen, f"bank-of-{merchant.account}")
        screen.answered("cash-out", "", fen, answer)
        if gate_client.verdict(answer.decision) == "ALLOW":
            merchant.balance -= fen
