-- The orders, and one decision: the idempotency key first, then refunded <= paid.
CREATE TABLE orders (
  account_id text NOT NULL,
  order_id text NOT NULL,
  paid bigint NOT NULL,
  refunded bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, order_id));
CREATE TABLE decisions (
  idempotency_key text PRIMARY KEY,
  account_id text NOT NULL,
  order_id text NOT NULL,
  amount bigint NOT NULL,
  verdict text NOT NULL);

CREATE FUNCTION check_refund(a_key text, an_account text, an_order text, an_amount bigint)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE known decisions;
BEGIN
  INSERT INTO decisions VALUES (a_key, an_account, an_order, an_amount, 'ALLOW')
    ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    SELECT * INTO known FROM decisions WHERE idempotency_key = a_key;
    IF (known.account_id, known.order_id, known.amount) <> (an_account, an_order, an_amount) THEN
      RETURN 'CONFLICT';
    END IF;
    RETURN known.verdict;
  END IF;
  UPDATE orders SET refunded = refunded + an_amount
    WHERE account_id = an_account AND order_id = an_order AND refunded + an_amount <= paid;
  IF NOT FOUND THEN
    UPDATE decisions SET verdict = 'BLOCK' WHERE idempotency_key = a_key;
    RETURN 'BLOCK';
  END IF;
  RETURN 'ALLOW';
END $$;

INSERT INTO orders SELECT 'm' || number % 1000, 'o' || number, 1000000000000
  FROM generate_series(0, 9999) number;
ANALYZE;
