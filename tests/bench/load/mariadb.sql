-- The orders, and one decision: the idempotency key first, then refunded <= paid.
CREATE DATABASE bench;
USE bench;
CREATE TABLE orders (
  account_id VARCHAR(128) NOT NULL,
  order_id VARCHAR(128) NOT NULL,
  paid BIGINT NOT NULL,
  refunded BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (account_id, order_id));
CREATE TABLE decisions (
  idempotency_key VARCHAR(128) PRIMARY KEY,
  account_id VARCHAR(128) NOT NULL,
  order_id VARCHAR(128) NOT NULL,
  amount BIGINT NOT NULL,
  verdict VARCHAR(8) NOT NULL);

DELIMITER //
CREATE PROCEDURE check_refund(a_key VARCHAR(128), an_account VARCHAR(128), an_order VARCHAR(128),
                              an_amount BIGINT)
BEGIN
  DECLARE answer VARCHAR(8) DEFAULT 'ALLOW';
  START TRANSACTION;
  INSERT IGNORE INTO decisions VALUES (a_key, an_account, an_order, an_amount, 'ALLOW');
  IF ROW_COUNT() = 0 THEN
    SELECT IF((account_id, order_id, amount) = (an_account, an_order, an_amount), verdict,
              'CONFLICT')
      INTO answer FROM decisions WHERE idempotency_key = a_key;
  ELSE
    UPDATE orders SET refunded = refunded + an_amount
      WHERE account_id = an_account AND order_id = an_order AND refunded + an_amount <= paid;
    IF ROW_COUNT() = 0 THEN
      UPDATE decisions SET verdict = 'BLOCK' WHERE idempotency_key = a_key;
      SET answer = 'BLOCK';
    END IF;
  END IF;
  COMMIT;
  SELECT answer;
END //
DELIMITER ;

INSERT INTO orders (account_id, order_id, paid)
  SELECT CONCAT('m', seq % 1000), CONCAT('o', seq), 1000000000000 FROM seq_0_to_9999;
CREATE USER bench@'127.0.0.1';
GRANT EXECUTE ON bench.* TO bench@'127.0.0.1';
