#include "tests/simulation/rogues.h"

#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fundgate::simulation {
namespace {

using core::MovementStatus;
using core::ViolationKind;

constexpr absl::Duration kLongAgo = absl::Hours(24 * 300);

const std::vector<std::string> kGatedKinds = {"refund", "late_refund", "settlement", "cash_out"};

}  // namespace

void Rogues::Act() {
  switch (scene_.dice().Roll(9)) {
    case 0:
      return MoveUngated();
    case 1:
      return MoveTwice();
    case 2:
    case 3:
      return MoveOtherwise();
    case 4:
      return MoveWhatWasGivenBack();
    case 5:
      return PayTwice();
    case 6:
      return TakeBack();
    case 7:
      return ChangePayment();
    default:
      return DeleteMovement();
  }
}

core::Contribution Rogues::Take(Job& job) {
  job.is_closed = true;
  core::Contribution row = RowOf(job.asks, job.asks.lines.front(), MovementStatus::kHappened);
  scene_.witness().Taint(job.asks.key, row);
  for (const core::Line& line : job.asks.lines) {
    scene_.witness().Taint(job.asks.key, RowOf(job.asks, line, MovementStatus::kHappened));
  }
  return row;
}

void Rogues::MoveUngated() {
  model::Dice& dice = scene_.dice();
  core::CheckInput never_asked;
  const std::string kind = dice.Pick(kGatedKinds);
  never_asked.key = {MovementKind(kind), IdempotencyKey(absl::StrCat("x", ++made_))};
  never_asked.account = model::RandomAccount(dice);
  never_asked.amount = {*Currency::FromCode("CNY"), 5 + static_cast<int64_t>(dice.Roll(60))};
  const core::Line line =
      model::RandomLine(dice, kind, model::RandomOrder(dice), never_asked.amount.minor_units);
  const core::Contribution row = RowOf(never_asked, line, MovementStatus::kHappened);
  scene_.witness().Taint(never_asked.key, row);
  scene_.witness().Expect(ViolationKind::kUngated, never_asked.key);
  scene_.Note(absl::StrCat("a rogue moves ", kind, "/", never_asked.key.key.value()));
  DatabaseOf(scene_, never_asked.key.kind)->Insert(scene_.now(), never_asked.key.kind, row);
}

void Rogues::MoveTwice() {
  const auto job = services_.Find(
      [](const Job& known) { return known.has_moved && !known.is_closed && !known.rows.empty(); });
  if (job == nullptr) return MoveUngated();
  const core::Contribution row = Take(*job);
  scene_.witness().Expect(ViolationKind::kDuplicateMovement, job->asks.key);
  scene_.Note(absl::StrCat("a rogue moves ", job->asks.key.key.value(), " a second time"));
  DatabaseOf(scene_, job->asks.key.kind)->Insert(scene_.now(), job->asks.key.kind, row);
}

// Something was allowed, and something else moves.
void Rogues::MoveOtherwise() {
  model::Dice& dice = scene_.dice();
  const auto job = services_.Find([this](const Job& known) {
    return known.is_idle() && !known.newest_allowed.empty() && known.asks.lines.size() == 1 &&
           !known.given_back.contains(known.newest_allowed) &&
           known.asks.amount.minor_units < 1000 &&
           DatabaseOf(scene_, known.asks.key.kind) != nullptr;
  });
  if (job == nullptr) return MoveUngated();
  core::Contribution row = Take(*job);
  const std::string& kind = job->asks.key.kind.value();
  ViolationKind expected = ViolationKind::kAmountMismatch;
  switch (dice.Roll(4)) {
    case 0:
      row.line = model::RandomLine(dice, kind, row.line.order, row.line.amount * 100);
      expected = ViolationKind::kUnitMismatch;
      break;
    case 1:
      row.line = model::RandomLine(dice, kind, row.line.order, row.line.amount + 3);
      expected = row.line.amount == 10 && job->asks.amount.minor_units == 1
                     ? ViolationKind::kUnitMismatch
                     : ViolationKind::kAmountMismatch;
      break;
    case 2:
      row.account = AccountId(row.account == AccountId("m1") ? "m2" : "m1");
      expected = ViolationKind::kOtherAccount;
      break;
    default:
      if (row.line.order.empty()) return;
      row.line.order = OrderId(row.line.order == OrderId("o1") ? "o2" : "o1");
      if (!row.part_key.empty()) row.part_key = row.line.order.value();
      expected = ViolationKind::kOtherOrder;
  }
  scene_.witness().Taint(job->asks.key, row);
  // Orders of another currency say so instead.
  if (expected != ViolationKind::kUnitMismatch || kind != "settlement") {
    scene_.witness().Expect(expected, job->asks.key);
  }
  scene_.Note(absl::StrCat("a rogue moves ", job->asks.key.key.value(), " otherwise"));
  DatabaseOf(scene_, job->asks.key.kind)->Insert(scene_.now(), job->asks.key.kind, row);
}

void Rogues::MoveWhatWasGivenBack() {
  const auto job = services_.Find([this](const Job& known) {
    return known.is_idle() && DatabaseOf(scene_, known.asks.key.kind) != nullptr &&
           known.asks.lines.size() == 1 &&
           (known.newest_allowed.empty() || known.given_back.contains(known.newest_allowed));
  });
  if (job == nullptr) return MoveUngated();
  const core::Contribution row = Take(*job);
  scene_.Note(absl::StrCat("a rogue moves ", job->asks.key.key.value(), ", which is not allowed"));
  DatabaseOf(scene_, job->asks.key.kind)->Insert(scene_.now(), job->asks.key.kind, row);
}

// Rows of kinds that nobody is asked about.
struct OpenRow {
  core::RowId id;
  core::Contribution says;
};

static std::optional<OpenRow> PickRow(Scene& scene, Database& database, const MovementKind& kind) {
  std::vector<OpenRow> rows;
  for (const auto& [id, row] : database.rows()) {
    if (row.kind != kind || !row.now().has_value()) continue;
    if (row.now()->status != MovementStatus::kHappened) continue;
    if (scene.now() - row.images.back().since > kLongAgo) continue;
    rows.push_back({id, *row.now()});
  }
  if (rows.empty()) return std::nullopt;
  return scene.dice().Pick(rows);
}

void Rogues::PayTwice() {
  Database& database = scene_.databases().at("pay_db");
  const MovementKind kind("payment");
  const std::optional<OpenRow> row = PickRow(scene_, database, kind);
  if (!row.has_value()) return MoveUngated();
  const core::KeyId key{kind, row->says.key};
  scene_.witness().Taint(key, row->says);
  scene_.witness().Expect(ViolationKind::kDuplicateMovement, key);
  database.Insert(scene_.now(), kind, row->says);
}

// A customer's bank takes the money back: nobody is asked, and orders that were refunded from it
// are overdrawn.
void Rogues::TakeBack() {
  model::Dice& dice = scene_.dice();
  Database& database = scene_.databases().at("pay_db");
  const std::optional<OpenRow> payment = PickRow(scene_, database, MovementKind("payment"));
  if (!payment.has_value()) return MoveUngated();
  const MovementKind kind("chargeback");
  core::Contribution row = payment->says;
  row.key = IdempotencyKey(absl::StrCat("c", ++made_));
  if (dice.Percent(50)) row.line.amount = 1 + static_cast<int64_t>(dice.Roll(20));
  scene_.witness().Taint({kind, row.key}, row);
  const core::RowId id = database.Insert(scene_.now(), kind, row);
  // And some give it again.
  if (dice.Percent(30)) database.Delete(scene_.now(), id);
}

void Rogues::ChangePayment() {
  model::Dice& dice = scene_.dice();
  Database& database = scene_.databases().at("pay_db");
  const MovementKind kind("payment");
  const std::optional<OpenRow> row = PickRow(scene_, database, kind);
  if (!row.has_value()) return MoveUngated();
  const core::KeyId key{kind, row->says.key};
  core::Contribution says = row->says;
  scene_.witness().Taint(key, says);
  switch (dice.Roll(4)) {
    case 0:
      says.line.amount = 1 + static_cast<int64_t>(dice.Roll(100));
      break;
    case 1:
      says.line.order = model::RandomOrder(dice);
      break;
    case 2:
      says.status = MovementStatus::kFailed;
      break;
    default:
      database.Delete(scene_.now(), row->id);
      scene_.witness().Expect(ViolationKind::kMovementUndone, key);
      return;
  }
  scene_.witness().Taint(key, says);
  database.Update(scene_.now(), row->id, says);
}

// What was moved is made unseen.
void Rogues::DeleteMovement() {
  const auto job = services_.Find(
      [](const Job& known) { return known.has_moved && !known.is_closed && !known.rows.empty(); });
  if (job == nullptr) return ChangePayment();
  Take(*job);
  scene_.witness().Expect(ViolationKind::kMovementUndone, job->asks.key);
  scene_.Note(absl::StrCat("a rogue deletes ", job->asks.key.key.value()));
  DatabaseOf(scene_, job->asks.key.kind)->Delete(scene_.now(), job->rows.front());
}

void Rogues::WriteUnreadable() {
  model::Dice& dice = scene_.dice();
  Database& database = scene_.databases().at("pay_db");
  core::Contribution row;
  row.status = MovementStatus::kHappened;
  row.key = IdempotencyKey(absl::StrCat("u", ++made_));
  row.account = model::RandomAccount(dice);
  row.currency = *Currency::FromCode("CNY");
  const MovementKind kind(dice.Percent(50) ? "payment" : "refund");
  row.line = model::RandomLine(dice, kind.value(), model::RandomOrder(dice), 5);
  scene_.witness().Taint({kind, row.key}, row);
  database.InsertUnreadable(scene_.now(), kind, row);
}

}  // namespace fundgate::simulation
