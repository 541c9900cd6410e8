-- What a payment platform keeps: which rows of it are movements is said by the policy's source
-- pay_db. Running it again changes nothing.
CREATE DATABASE IF NOT EXISTS pay CHARACTER SET utf8mb4;
USE pay;

CREATE SEQUENCE IF NOT EXISTS merchant_number NOCACHE;
CREATE SEQUENCE IF NOT EXISTS order_number NOCACHE;

CREATE TABLE IF NOT EXISTS sales_order (
  order_no    VARCHAR(64) NOT NULL PRIMARY KEY,
  merchant_id VARCHAR(64) NOT NULL,
  amount      DECIMAL(18, 2) NOT NULL,
  status      ENUM('CREATED', 'PAID', 'SHIPPED', 'DONE', 'REFUNDED', 'CLOSED') NOT NULL DEFAULT 'CREATED',
  paid_amount DECIMAL(18, 2) NULL,  -- what the shop says was paid
  placed_at   DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
);

-- Deleting or renumbering an order is refused while money moved for it. A cascade would change these
-- rows without a trace in the binlog.
CREATE TABLE IF NOT EXISTS payment (
  payment_no  VARCHAR(64) NOT NULL PRIMARY KEY,
  merchant_id VARCHAR(64) NOT NULL,
  order_no    VARCHAR(64) NOT NULL,
  amount      DECIMAL(18, 2) NOT NULL,
  status      ENUM('PROCESSING', 'SUCCESS', 'FAILED', 'CLOSED') NOT NULL,
  FOREIGN KEY (order_no) REFERENCES sales_order (order_no) ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE IF NOT EXISTS chargeback (
  case_no     VARCHAR(64) NOT NULL PRIMARY KEY,
  merchant_id VARCHAR(64) NOT NULL,
  order_no    VARCHAR(64) NOT NULL,
  amount      DECIMAL(18, 2) NOT NULL,
  status      ENUM('OPEN', 'WON', 'LOST') NOT NULL,
  FOREIGN KEY (order_no) REFERENCES sales_order (order_no) ON DELETE RESTRICT ON UPDATE RESTRICT
);

CREATE TABLE IF NOT EXISTS refund (
  refund_no        VARCHAR(64) NOT NULL PRIMARY KEY,
  merchant_id      VARCHAR(64) NOT NULL,
  order_no         VARCHAR(64) NOT NULL,
  amount           DECIMAL(18, 2) NOT NULL,
  status           ENUM('PROCESSING', 'SUCCESS', 'FAILED') NOT NULL,
  after_settlement BOOLEAN NOT NULL DEFAULT FALSE,
  FOREIGN KEY (order_no) REFERENCES sales_order (order_no) ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- A settlement has one row for each order, in fen.
CREATE TABLE IF NOT EXISTS settlement_item (
  settlement_no VARCHAR(64) NOT NULL,
  item_no       INT UNSIGNED NOT NULL,
  merchant_id   VARCHAR(64) NOT NULL,
  order_no      VARCHAR(64) NOT NULL,
  gross_fen     BIGINT NOT NULL,
  fee_fen       BIGINT NOT NULL,
  status        ENUM('PENDING', 'SETTLED') NOT NULL,
  PRIMARY KEY (settlement_no, item_no),
  FOREIGN KEY (order_no) REFERENCES sales_order (order_no) ON DELETE RESTRICT ON UPDATE RESTRICT
);

-- Nothing but its own number makes a row unique: a worker that runs twice writes two.
CREATE TABLE IF NOT EXISTS cash_out (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  cash_out_no VARCHAR(64) NOT NULL,
  merchant_id VARCHAR(64) NOT NULL,
  payee       VARCHAR(64) NOT NULL,
  amount      DECIMAL(18, 2) NOT NULL,
  status      ENUM('SENT', 'PAID', 'REJECTED') NOT NULL,
  KEY (cash_out_no)
);

-- What the bank's statement says was paid out, as it is read in every night.
CREATE TABLE IF NOT EXISTS bank_payout (
  statement_no VARCHAR(64) NOT NULL PRIMARY KEY,
  merchant_id  VARCHAR(64) NOT NULL,
  cash_out_no  VARCHAR(64) NOT NULL,
  amount       DECIMAL(18, 2) NOT NULL
);

-- A merchant's ledger: each row's balance is the last one plus its amount.
CREATE TABLE IF NOT EXISTS balance_entry (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  entry_no    VARCHAR(64) NOT NULL UNIQUE,
  merchant_id VARCHAR(64) NOT NULL,
  amount      DECIMAL(18, 2) NOT NULL,
  balance     DECIMAL(18, 2) NOT NULL
);

-- Where payments move to: until the old table goes, the service writes both.
CREATE TABLE IF NOT EXISTS payment_v2 (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payment_no  VARCHAR(64) NOT NULL UNIQUE,
  merchant_id VARCHAR(64) NOT NULL,
  order_no    VARCHAR(64) NOT NULL,
  amount_fen  BIGINT NOT NULL
);

-- What sellers ask for, beside what such things cost.
CREATE TABLE IF NOT EXISTS bid (
  bid_no       VARCHAR(64) NOT NULL PRIMARY KEY,
  merchant_id  VARCHAR(64) NOT NULL,
  item_no      VARCHAR(64) NOT NULL,
  price        DECIMAL(18, 2) NOT NULL,
  market_price DECIMAL(18, 2) NOT NULL
);
