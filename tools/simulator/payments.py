"""A payment service as one would write it: it asks the gate, and acts only on an ALLOW.

Amounts are whole fen; the database has most of them in yuan, as text with two decimals.
"""

import pymysql

import gate_client

SERVICE_SERVER_ID = 77  # marks the service's own transactions in the binlog
FEE_PERMILLE = 6


def yuan(fen):
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def fee_of(fen):
    return fen * FEE_PERMILLE // 1000


class PaymentService:
    """One server of the service, for one thread: its connection to the database, and the gate."""

    def __init__(self, gate, host, port, password):
        self.gate = gate
        self._database = pymysql.connect(host=host, port=port, user="service", password=password,
                                         database="pay", autocommit=True)
        self._execute("SET SESSION server_id = %s", SERVICE_SERVER_ID)

    def close(self):
        self._database.close()

    def _execute(self, sql, *values):
        with self._database.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    def number(self, sequence):
        return self._execute(f"SELECT NEXT VALUE FOR {sequence}")[0][0]

    def sum_of(self, table, order):
        """What the rows that count say, in fen."""
        return int(self._execute(
            f"SELECT CAST(COALESCE(SUM(amount), 0) * 100 AS INTEGER) FROM {table}"
            " WHERE order_no = %s AND status = 'SUCCESS'", order)[0][0])

    def place_order(self, merchant, fen):
        order = f"o{self.number('order_number')}"
        self._execute("INSERT INTO sales_order (order_no, merchant_id, amount) VALUES (%s, %s, %s)",
                      order, merchant, yuan(fen))
        return order

    def take_payment(self, merchant, order, fen):
        """Taking a payment is never gated."""
        key = order.replace("o", "p")
        self._database.begin()
        self._execute("INSERT INTO payment VALUES (%s, %s, %s, %s, 'SUCCESS')",
                      key, merchant, order, yuan(fen))
        self._execute("INSERT INTO payment_v2 (payment_no, merchant_id, order_no, amount_fen)"
                      " VALUES (%s, %s, %s, %s)", key, merchant, order, fen)
        self._database.commit()
        self._execute("UPDATE sales_order SET status = 'PAID', paid_amount = %s"
                      " WHERE order_no = %s", yuan(fen), order)
        return key

    def _enter(self, entry, merchant, fen):
        """One more row of the merchant's ledger, in the transaction of what it is about."""
        last = self._execute("SELECT CAST(balance * 100 AS INTEGER) FROM balance_entry"
                             " WHERE merchant_id = %s ORDER BY id DESC LIMIT 1 FOR UPDATE",
                             merchant)
        balance = (int(last[0][0]) if last else 0) + fen
        self._execute("INSERT INTO balance_entry (entry_no, merchant_id, amount, balance)"
                      " VALUES (%s, %s, %s, %s)", entry, merchant, yuan(fen), yuan(balance))

    def ask_refund(self, key, merchant, order, fen):
        return self.gate.ask(gate_client.request("refund", key, merchant, fen, order))

    def refund(self, key, merchant, order, fen):
        """Gives money back, if the gate allows it."""
        answer = self.ask_refund(key, merchant, order, fen)
        if gate_client.verdict(answer.decision) == "ALLOW":
            self.pay_refund(answer.decision, order, yuan(fen))
        return answer

    def pay_refund(self, decision, order, amount):
        """Has the bank pay what was allowed. The amount is text in yuan, as the row has it."""
        self._execute("INSERT INTO refund VALUES (%s, %s, %s, %s, 'PROCESSING', FALSE)",
                      decision.idempotency_key, decision.account_id, order, amount)
        # Here the bank would be told.
        self._execute("UPDATE refund SET status = 'SUCCESS' WHERE refund_no = %s",
                      decision.idempotency_key)
        self.gate.confirm(decision)

    def settle(self, merchant, amounts):
        """Settles orders, {order: fen}, to the merchant's balance, less a fee."""
        key = f"s{next(iter(amounts))[1:]}"
        lines = [gate_client.line(order, fen, fee_of(fen)) for order, fen in amounts.items()]
        answer = self.gate.ask(
            gate_client.request("settlement", key, merchant, sum(amounts.values()), lines=lines))
        if gate_client.verdict(answer.decision) == "ALLOW":
            self._database.begin()
            for item, (order, fen) in enumerate(amounts.items(), 1):
                self._execute(
                    "INSERT INTO settlement_item VALUES (%s, %s, %s, %s, %s, %s, 'SETTLED')",
                    key, item, merchant, order, fen, fee_of(fen))
            self._enter(key, merchant, sum(fen - fee_of(fen) for fen in amounts.values()))
            self._database.commit()
            self.gate.confirm(answer.decision)
        return answer

    def cash_out(self, key, merchant, fen, payee):
        answer = self.gate.ask(gate_client.request("cash_out", key, merchant, fen, payee=payee))
        if gate_client.verdict(answer.decision) == "ALLOW":
            self._database.begin()
            self._execute("INSERT INTO cash_out (cash_out_no, merchant_id, payee, amount, status)"
                          " VALUES (%s, %s, %s, %s, 'SENT')", key, merchant, payee, yuan(fen))
            self._enter(key, merchant, -fen)
            self._database.commit()
            self._execute("UPDATE cash_out SET status = 'PAID' WHERE cash_out_no = %s", key)
            self.gate.confirm(answer.decision)
        return answer
