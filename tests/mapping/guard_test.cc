// Changes of columns that a guard names: which, before and after, by whom, also in partial images.
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/policy/document.h"
#include "server/policy/mapping.h"
#include "tests/mapping/rows.h"

namespace fundgate::mapping {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using namespace testing;  // NOLINT: rows and values

constexpr std::string_view kGuarded = R"(
sources:
  pay_db:
    mariadb: {hosts: ["127.0.0.1:3306"], user: fundgate, password_file: /etc/fundgate/password}
guards:
  refund_rows:
    table: pay.refund
    columns: [amount, Status]
    allow: 'true'
    key: row.refund_no
    account_id: row.merchant_id
)";

class Guarded {
 public:
  explicit Guarded(std::string_view text = kGuarded) {
    policy::Problems problems("guards.yaml");
    policy::ReadDocument read = policy::ReadPolicyDocument(text, problems);
    mapper_.emplace(RowMapper::Create(read.document, "pay_db").value());
    binlog::TransactionHead head;
    head.id = "0-5-7";
    head.server_id = 5;
    mapper_->Begin(head);
  }

  std::vector<v1::Event> Change(const Row& before, const Row& after) {
    return testing::EventsOf(*mapper_, table_, before, after, index_++, statement_);
  }

  void set_statement(std::string_view statement) { statement_ = statement; }

 private:
  binlog::Table table_ = RefundsOf();
  std::optional<RowMapper> mapper_;
  std::string_view statement_;
  uint32_t index_ = 0;
};

// "amount:12.34>99.00" of each column; "-" where nothing is known.
std::vector<std::string> Columns(const std::vector<v1::Event>& events) {
  EXPECT_THAT(events, SizeIs(1));
  std::vector<std::string> said;
  if (events.empty()) return said;
  for (const v1::GuardedColumn& column : events[0].guarded().columns()) {
    said.push_back(absl::StrCat(column.name(), ":", column.has_before() ? column.before() : "-",
                                ">", column.has_after() ? column.after() : "-"));
  }
  return said;
}

TEST(Guards, TellTheColumnsThatChangedAndWhoDidIt) {
  Guarded guarded;
  guarded.set_statement("UPDATE refund SET amount=99");
  const auto events = guarded.Change(Refund("SUCCESS"), Refund("SUCCESS", "99.00"));
  EXPECT_THAT(Columns(events), ElementsAre("amount:12.34>99.00"));
  const v1::GuardedChange& change = events[0].guarded();
  EXPECT_EQ(change.guard(), "refund_rows");
  EXPECT_EQ(change.change(), v1::ROW_CHANGE_UPDATE);
  EXPECT_EQ(change.row().table(), "pay.refund");
  EXPECT_FALSE(change.account_id().empty());
  EXPECT_FALSE(change.idempotency_key().empty());
  EXPECT_EQ(events[0].origin().server_id(), 5u);
  EXPECT_EQ(events[0].origin().statement(), "UPDATE refund SET amount=99");
}

TEST(Guards, SayNothingOfOtherColumns) {
  Guarded guarded;
  Row after = Refund("SUCCESS");
  after.back() = Text("seen");
  EXPECT_THAT(guarded.Change(Refund("SUCCESS"), after), SizeIs(0));
}

TEST(Guards, TellAllColumnsOfARowThatComesOrGoes) {
  Guarded guarded;
  const auto came = guarded.Change({}, Refund("SUCCESS"));
  EXPECT_THAT(Columns(came), ElementsAre("amount:->12.34", "Status:->SUCCESS"));
  EXPECT_EQ(came[0].guarded().change(), v1::ROW_CHANGE_INSERT);
  const auto went = guarded.Change(Refund("SUCCESS"), {});
  EXPECT_THAT(Columns(went), ElementsAre("amount:12.34>-", "Status:SUCCESS>-"));
  EXPECT_EQ(went[0].guarded().change(), v1::ROW_CHANGE_DELETE);
}

TEST(Guards, OfAPartialImageTellWhatWasWritten) {
  Guarded guarded;
  Row before(Refund("SUCCESS").size(), Absent());
  Row after = before;
  before[0] = Refund("SUCCESS")[0];
  after.back() = Text("a note");
  EXPECT_THAT(guarded.Change(before, after), SizeIs(0));
  after[4] = Decimal("99.00");
  EXPECT_THAT(Columns(guarded.Change(before, after)), ElementsAre("amount:->99.00"));
}

TEST(Guards, HaveTheHeadOfAStatementThatIsLeftOut) {
  Guarded guarded;
  const std::string statement = "/* app=pay */ " + std::string(4000, 'x');
  guarded.set_statement(statement);
  std::vector<v1::Event> last;
  for (int i = 0; i < 200; ++i) last = guarded.Change(Refund("NEW"), Refund("SUCCESS"));
  EXPECT_EQ(last.at(0).origin().statement(), statement.substr(0, 256));
}

TEST(Guards, ArePartOfTheMapping) {
  policy::Problems problems("guards.yaml");
  policy::v1::Document document = policy::ReadPolicyDocument(kGuarded, problems).document;
  const uint64_t version = policy::MappingVersion(document, "pay_db");
  EXPECT_NE(version, 0u);
  policy::v1::Guard& guard = (*document.mutable_guards())["refund_rows"];
  guard.set_allow("false");  // who may is the gate's business
  EXPECT_EQ(policy::MappingVersion(document, "pay_db"), version);
  guard.add_columns("note");
  EXPECT_NE(policy::MappingVersion(document, "pay_db"), version);
}

// What becomes of a row of pay.refund without the column that the guard names.
absl::StatusOr<std::vector<v1::Event>> WithoutTheColumn(const policy::v1::Document& document) {
  RowMapper mapper = RowMapper::Create(document, "pay_db").value();
  mapper.Begin({.id = "0-5-7"});
  binlog::Table table = RefundsOf();
  table.columns.back().name = "remark";
  const Row row = Refund("SUCCESS");
  std::vector<v1::Event> events;
  const absl::Status status =
      mapper.AppendEvents({binlog::RowOperation::kInsert, &table, {}, row, 0, ""}, &events);
  if (!status.ok()) return status;
  return events;
}

TEST(Guards, AColumnThatIsGoneIsAGapOfTheTablesKindsBesideWhatTheRowSays) {
  policy::v1::Document document = DocumentOf(RefundTable());
  policy::v1::Guard& guard = (*document.mutable_guards())["notes"];
  guard.set_table("pay.refund");
  guard.add_columns("note");
  const auto events = WithoutTheColumn(document);
  ASSERT_TRUE(events.ok()) << events.status();
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ(events->at(0).gap().movement_kind(), "refund");
  EXPECT_THAT(events->at(0).gap().reason(), ::testing::HasSubstr("guard notes"));
  EXPECT_TRUE(events->at(1).has_movement());
}

TEST(Guards, WhereOnlyGuardsReadTheTableSomebodyMustSetItRight) {
  policy::v1::Document document = DocumentOf(RefundTable());
  (*document.mutable_sources())["pay_db"].clear_tables();
  policy::v1::Guard& guard = (*document.mutable_guards())["notes"];
  guard.set_table("pay.refund");
  guard.add_columns("note");
  guard.set_source("pay_db");
  EXPECT_TRUE(absl::IsFailedPrecondition(WithoutTheColumn(document).status()));
}

}  // namespace
}  // namespace fundgate::mapping
