#include "tests/mapping/rows.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "gtest/gtest.h"
#include "server/policy/document.h"
#include "server/policy/validate.h"

namespace fundgate::mapping::testing {
namespace {

using Kind = binlog::Value::Kind;

constexpr std::string_view kStructure = R"(
books:
  order: {key: [account_id, order_id], counters: [paid, refunded, settled]}
  merchant: {key: [account_id], counters: [settled, cashed_out, clawed_back]}
movements:
  payment: {effects: [+order.paid]}
  refund: {effects: [+order.refunded], gated: true}
  late_refund: {effects: [+order.refunded, +merchant.clawed_back], gated: true}
  settlement:
    effects: ["+order.settled: gross", "+merchant.settled: net"]
    parts: {gross: [net, fee]}
    gated: true
  cash_out: {effects: [+merchant.cashed_out], gated: true}
checkpoints: {refund: {}, late_refund: {}, settlement: {}, cash_out: {}}
sources:
  pay_db:
    mariadb: {hosts: ["127.0.0.1:3306"], user: fundgate, password_file: /etc/fundgate/password}
)";

binlog::Value Make(Kind kind, std::string_view text, int64_t integer = 0) {
  binlog::Value value;
  value.kind = kind;
  value.text = text;
  value.integer = integer;
  return value;
}

RowMapper MustCreate(std::string_view tables) {
  absl::StatusOr<RowMapper> mapper = RowMapper::Create(DocumentOf(tables), "pay_db");
  EXPECT_TRUE(mapper.ok()) << mapper.status();
  return *std::move(mapper);
}

}  // namespace

binlog::Value Absent() { return {}; }
binlog::Value Null() { return Make(Kind::kNull, ""); }
binlog::Value Int(int64_t integer) { return Make(Kind::kInt, "", integer); }
binlog::Value Uint(uint64_t integer) {
  return Make(Kind::kUint, "", static_cast<int64_t>(integer));
}
binlog::Value Double(double real) {
  binlog::Value value = Make(Kind::kDouble, "");
  value.real = real;
  return value;
}
binlog::Value Text(std::string_view text) { return Make(Kind::kText, text); }
binlog::Value Decimal(std::string_view text) { return Make(Kind::kDecimal, text); }
binlog::Value Bytes(std::string_view text) { return Make(Kind::kBytes, text); }
binlog::Value Enum(std::string_view label, int64_t number) {
  return Make(Kind::kEnum, label, number);
}

binlog::Table MakeTable(std::string database, std::string name, std::vector<std::string> columns) {
  binlog::Table table;
  table.id = 18;
  table.database = std::move(database);
  table.name = std::move(name);
  for (std::string& column : columns) {
    table.columns.push_back({.name = std::move(column), .type = binlog::ColumnType::kVarchar});
  }
  table.primary_key = {0};
  table.signs_known = true;
  table.names_known = true;
  return table;
}

policy::v1::Document DocumentOf(std::string_view tables) {
  const std::string text = absl::StrCat(ToAbsl(kStructure), ToAbsl(tables));
  policy::Problems problems("test.yaml");
  policy::ReadDocument read = policy::ReadPolicyDocument(text, problems);
  policy::Validate(read.document, read.places, problems);
  EXPECT_TRUE(problems.empty()) << text;
  return std::move(read.document);
}

std::string_view RefundTable() {
  return R"(    tables:
      - table: pay.refund
        counts: 'row.status == "SUCCESS"'
        in_progress: 'row.status == "PROCESSING"'
        failed: 'row.status == "FAILED"'
        emit: refund
        fields:
          idempotency_key: row.refund_no
          account_id: row.merchant_id
          order_id: row.order_no
          amount: 'money(row.amount, "CNY", "major")'
)";
}

binlog::Table RefundsOf() {
  return MakeTable("pay", "refund",
                   {"id", "refund_no", "merchant_id", "order_no", "amount", "status", "note"});
}

Row Refund(std::string_view status, std::string_view amount) {
  return {Int(17), Text("r-9"), Text("m-1"), Text("o-1"), Decimal(amount), Enum(status, 1), Null()};
}

Mapping::Mapping(std::string_view tables) : mapper_(MustCreate(tables)) {
  mapper_.Begin({.id = "0-1-7", .server_id = 5, .committed_at = 1'800'000'000});
}

std::vector<v1::Event> Mapping::Append(const binlog::RowChange& row) {
  std::vector<v1::Event> events;
  const absl::Status status = mapper_.AppendEvents(row, &events);
  EXPECT_TRUE(status.ok()) << status;
  return events;
}

std::vector<v1::Event> Mapping::Insert(const binlog::Table& table, const Row& after) {
  return Append(
      {binlog::RowOperation::kInsert, &table, {}, std::span(after), index_++, statement_});
}

std::vector<v1::Event> Mapping::Update(const binlog::Table& table, const Row& before,
                                       const Row& after) {
  return Append({binlog::RowOperation::kUpdate, &table, std::span(before), std::span(after),
                 index_++, statement_});
}

std::vector<v1::Event> Mapping::Delete(const binlog::Table& table, const Row& before) {
  return Append(
      {binlog::RowOperation::kDelete, &table, std::span(before), {}, index_++, statement_});
}

std::string Mapping::Refusal(const binlog::Table& table, const Row& after) {
  std::vector<v1::Event> events;
  const absl::Status status = mapper_.AppendEvents(
      {binlog::RowOperation::kInsert, &table, {}, std::span(after), index_++, ""}, &events);
  EXPECT_TRUE(events.empty());
  return std::string(status.message());
}

std::vector<v1::Event> EventsOf(RowMapper& mapper, const binlog::Table& table, const Row& before,
                                const Row& after, uint32_t index, std::string_view statement) {
  binlog::RowChange change;
  change.operation = before.empty()  ? binlog::RowOperation::kInsert
                     : after.empty() ? binlog::RowOperation::kDelete
                                     : binlog::RowOperation::kUpdate;
  change.table = &table;
  change.before = before;
  change.after = after;
  change.index = index;
  change.statement = statement;
  std::vector<v1::Event> events;
  EXPECT_TRUE(mapper.AppendEvents(change, &events).ok());
  return events;
}

v1::MovementEvent OnlyMovement(const std::vector<v1::Event>& events) {
  EXPECT_EQ(events.size(), 1U);
  if (events.size() != 1) return {};
  EXPECT_TRUE(events[0].has_movement()) << events[0].ShortDebugString();
  return events[0].movement();
}

v1::Gap OnlyGap(const std::vector<v1::Event>& events) {
  EXPECT_EQ(events.size(), 1U);
  if (events.size() != 1) return {};
  EXPECT_TRUE(events[0].has_gap()) << events[0].ShortDebugString();
  return events[0].gap();
}

}  // namespace fundgate::mapping::testing
