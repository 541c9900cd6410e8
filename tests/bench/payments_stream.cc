#include "tests/bench/payments_stream.h"

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"

namespace fundgate::bench {
namespace {

using binlog::EventType;
using decoder_testing::Body;
using decoder_testing::EventBytes;

constexpr uint64_t kTable = 18;
constexpr size_t kColumns = 9;

EventBytes MakeTable() {
  decoder_testing::TableParts parts;
  parts.id = kTable;
  parts.name = "refund";
  parts.types = {8, 8, 246, 254, 254, 17, 18, 15, 252};
  parts.metadata = {18, 4, 254, 12, 247, 1, 3, 6, 128, 0, 4};
  parts.optional.Raw({1, 1, 0xc0, 2, 1, 45});  // signs, utf8mb4
  Body names;
  for (const char* name : {"id", "account", "amount", "currency", "status", "created_at",
                           "settled_at", "refund_no", "note"})
    names.ShortText(name);
  parts.optional.Byte(4).Byte(names.bytes.size());
  parts.optional.bytes.insert(parts.optional.bytes.end(), names.bytes.begin(), names.bytes.end());
  Body labels;
  labels.Byte(3).ShortText("PROCESSING").ShortText("SUCCESS").ShortText("FAILED");
  parts.optional.Byte(6).Byte(labels.bytes.size());
  parts.optional.bytes.insert(parts.optional.bytes.end(), labels.bytes.begin(), labels.bytes.end());
  parts.optional.Raw({10, 1, 45, 8, 1, 0});  // the labels' character set, the primary key
  return decoder_testing::MakeTableMap(parts);
}

// Integers with the most significant byte first, as decimals and times have them.
Body& Big(Body& body, uint64_t value, int size) {
  for (int i = size - 1; i >= 0; --i) body.Byte(value >> (8 * i) & 0xff);
  return body;
}

void AppendRow(size_t number, Body& body) {
  body.Raw({0, 0xfe});  // no NULLs among nine columns
  body.Little(1'000'000'000 + number, 8).Little(20'000 + number % 1000, 8);
  // 14 digits before the point and 4 behind: 5, 9, 4 of them in 3, 4, 2 bytes.
  Big(body, 0x800000, 3);
  Big(body, 12 + number % 5000, 4);
  Big(body, 3400, 2);
  body.ShortText("CNY").Byte(2);
  Big(body, 1'700'000'000 + number / 100, 4);
  Big(body, number % 1000 * 10, 2);
  // 2026-11-20 and a time of day: 13 months to a year.
  const uint64_t day = (uint64_t{2026} * 13 + 11) << 5 | 20;
  const uint64_t clock = number % 24 << 12 | number % 60 << 6 | 30;
  Big(body, uint64_t{1} << 39 | day << 17 | clock, 5);
  Big(body, number % 1'000'000, 3);
  body.ShortText(ToStd(absl::StrCat("refund-", 100'000'000 + number)));
  body.Little(33, 4).Text(R"({"channel": "app", "reason": 123})");
}

EventBytes MakeRowEvent(size_t first) {
  Body body;
  body.Little(kTable, 6).Little(1, 2).Byte(kColumns).Raw({0xff, 0xff});
  for (size_t i = 0; i < PaymentsStream::kRowsOfEvent; ++i) AppendRow(first + i, body);
  return decoder_testing::MakeEvent(EventType::kWriteRowsV1, body);
}

}  // namespace

PaymentsStream::PaymentsStream()
    : format_(decoder_testing::MakeFormat()),
      begin_({decoder_testing::MakeMariaDbGtid(1), MakeTable()}),
      end_(decoder_testing::MakeXid()) {
  for (size_t i = 0; i < kEvents; ++i) rows_.push_back(MakeRowEvent(i * kRowsOfEvent));
}

const char* PaymentsStream::Policy() {
  return R"(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
checkpoints: {refund: {}}
sources:
  pay_db:
    mariadb: {hosts: ["127.0.0.1:3306"], user: fundgate, password_file: /etc/fundgate/password}
    tables:
      - table: d.refund
        counts: 'row.status == "SUCCESS"'
        in_progress: 'row.status == "PROCESSING"'
        failed: 'row.status == "FAILED"'
        emit: refund
        fields:
          idempotency_key: row.refund_no
          account_id: string(row.account)
          order_id: string(row.id)
          amount: 'money(row.amount, row.currency, "major")'
)";
}

}  // namespace fundgate::bench
