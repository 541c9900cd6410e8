#include "tests/simulation/services.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace fundgate::simulation {
namespace {

using core::MovementStatus;

// So near its end an approval makes people hurry.
constexpr absl::Duration kHurry = absl::Milliseconds(500);

Currency Yuan() { return *Currency::FromCode("CNY"); }

}  // namespace

Database* DatabaseOf(Scene& scene, const MovementKind& kind) {
  const std::string& name = kind.value();
  if (name == "goodwill") return nullptr;
  if (name == "cash_out") return &scene.databases().at("bank");
  if (name == "top_up") return &scene.databases().at("till");
  return &scene.databases().at("pay_db");
}

core::Contribution RowOf(const core::CheckInput& check, const core::Line& line,
                         MovementStatus status) {
  core::Contribution row;
  row.status = status;
  row.key = check.key.key;
  row.account = check.account;
  row.line = line;
  row.currency = check.amount.currency;
  if (check.key.kind == MovementKind("settlement")) row.part_key = line.order.value();
  return row;
}

// ---- Asking ----

core::CheckInput Services::NewCheck() {
  model::Dice& dice = scene_.dice();
  core::CheckInput check;
  const std::string kind = dice.Pick(model::kCheckpoints);
  check.key = {MovementKind(kind), IdempotencyKey(absl::StrCat("k", ++made_))};
  check.request_id = absl::StrCat("q", made_);
  check.account = model::RandomAccount(dice);
  // Mostly a part of what was paid, now and then more than all of it.
  const uint64_t size = dice.Roll(100);
  int64_t amount = 1 + static_cast<int64_t>(dice.Roll(40));
  if (size >= 80) amount = 60 + static_cast<int64_t>(dice.Roll(400));
  if (size >= 93) amount = model::RandomAmount(dice);
  check.amount = {dice.Percent(96) ? Yuan() : model::RandomCurrency(dice), amount};
  if (kind == "cash_out") check.attributes["payee"] = dice.Percent(80) ? "p1" : "p2";
  if (dice.Percent(15)) check.attributes["channel"] = dice.Percent(50) ? "app" : "a/b:c";
  check.lines = {model::RandomLine(dice, kind, model::RandomOrder(dice), amount)};
  if (kind == "settlement" && amount < 1000 && dice.Percent(40)) {
    check.lines = {model::RandomLine(dice, kind, OrderId("o1"), amount),
                   model::RandomLine(dice, kind, OrderId("o2"), 10)};
    check.amount.minor_units += 10;
  }
  return check;
}

// A merchant whose settlement has moved wants a part of it; nothing if there is none.
std::optional<core::CheckInput> Services::NewCashOut() {
  const auto settled = Find([](const Job& job) {
    return job.has_moved && job.asks.key.kind == MovementKind("settlement") &&
           job.asks.amount.minor_units > 1;
  });
  if (settled == nullptr) return std::nullopt;
  core::CheckInput check;
  check.key = {MovementKind("cash_out"), IdempotencyKey(absl::StrCat("k", ++made_))};
  check.request_id = absl::StrCat("q", made_);
  check.account = settled->asks.account;
  check.amount = {settled->asks.amount.currency, 1 + settled->asks.amount.minor_units / 5};
  check.attributes["payee"] = "p1";
  check.lines = {core::Line{OrderId(), check.amount.minor_units, {}}};
  return check;
}

void Services::Ask() {
  model::Dice& dice = scene_.dice();
  const auto job = std::make_shared<Job>();
  job->made_at = scene_.now();
  std::optional<core::CheckInput> cash_out;
  if (dice.Percent(25)) cash_out = NewCashOut();
  job->asks = cash_out.has_value() ? *cash_out : NewCheck();
  jobs_.push_back(job);
  core::CheckInput check = job->asks;
  if (dice.Percent(5)) check.max_staleness = absl::Milliseconds(dice.Roll(1000));
  if (dice.Percent(5)) {
    Database& database = scene_.databases().at(dice.Pick(model::kSources));
    check.after_positions[SourceName(database.name())] =
        model::PositionAt(database.name(), database.head() + (dice.Percent(10) ? 1 : 0));
  }
  Send(job, check);
  // Two of its servers do the same at once.
  if (dice.Percent(15)) Send(job, job->asks);
}

void Services::AskAgain() {
  const std::shared_ptr<Job> job = Find([](const Job&) { return true; });
  if (job == nullptr) return Ask();
  core::CheckInput check = job->asks;
  if (scene_.dice().Percent(15)) Twist(check);
  Send(job, check);
}

// When the approval of its hold ends; never if it has none.
absl::Time Services::ApprovedUntil(const Job& job) const {
  const auto& keys = scene_.follower().model().keys();
  const auto key = keys.find(job.asks.key);
  if (key == keys.end() || !key->second.waits || key->second.approved.empty()) {
    return absl::InfiniteFuture();
  }
  return key->second.approved_until;
}

bool Services::IsInAHurry() const {
  const std::optional<absl::Time> now = scene_.gate_time();
  return now.has_value() && std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& job) {
           return absl::AbsDuration(ApprovedUntil(*job) - *now) < kHurry;
         });
}

void Services::AskApproved() {
  const auto first = std::min_element(
      jobs_.begin(), jobs_.end(),
      [this](const auto& a, const auto& b) { return ApprovedUntil(*a) < ApprovedUntil(*b); });
  if (first == jobs_.end() || ApprovedUntil(**first) == absl::InfiniteFuture()) return AskAgain();
  Send(*first, (*first)->asks);
}

// Another movement under a key that is taken, or nothing that could be one.
void Services::Twist(core::CheckInput& check) {
  model::Dice& dice = scene_.dice();
  core::Line& line = check.lines.front();
  switch (dice.Roll(7)) {
    case 0:
      check.account = AccountId(check.account == AccountId("m1") ? "m2" : "m1");
      break;
    case 1:
      if (check.amount.minor_units > 1000) break;
      check.amount.minor_units += 1;
      line.amount += 1;
      if (!line.parts.empty()) line.parts[1].second += 1;
      break;
    case 2:
      if (check.lines.size() == 1 && !line.order.empty()) line.order = model::RandomOrder(dice);
      break;
    case 3:
      if (check.key.kind == MovementKind("cash_out")) check.attributes["payee"] = "p3";
      break;
    case 4:
      check.amount.minor_units = 0;
      break;
    case 5:
      if (!line.parts.empty()) line.parts[0].second += 1;
      break;
    default:
      check.amount.currency = *Currency::FromCode("JPY");
  }
}

void Services::Send(const std::shared_ptr<Job>& job, core::CheckInput check) {
  model::Dice& dice = scene_.dice();
  std::optional<absl::Duration> time_left;
  if (dice.Percent(30)) time_left = absl::Milliseconds(5 + dice.Roll(400));
  core::Input input;
  input.body = check;
  scene_.Call(std::move(input), time_left,
              [this, job, check, sent_at = scene_.now()](const absl::StatusOr<core::Answer>& answer,
                                                         absl::Time) {
                if (!answer.ok()) return;
                const auto* decision = std::get_if<core::Decision>(&*answer);
                if (decision == nullptr) return;
                scene_.Fail(scene_.witness().Heard(check, sent_at, scene_.now(), *decision));
                const bool is_honest =
                    check.account == job->asks.account && check.amount == job->asks.amount &&
                    check.lines == job->asks.lines && check.attributes == job->asks.attributes;
                if (decision->verdict != core::Verdict::kAllow || !is_honest) return;
                job->allowed[decision->id] = *decision->valid_until;
                job->newest_allowed = decision->id;
              });
}

// ---- Moving ----

void Services::GoOn() {
  model::Dice& dice = scene_.dice();
  const auto has_something = [this](const Job& job) {
    return !job.is_closed && !job.newest_allowed.empty() && scene_.gate_time().has_value() &&
           job.busy_until <= scene_.now();
  };
  const std::shared_ptr<Job> job = Find(has_something);
  if (job == nullptr) return Ask();
  if (job->is_under_way) return Finish(*job);
  const std::string decision = job->newest_allowed;
  if (!job->moves_by.empty()) return Confirm(*job, job->moves_by);
  if (job->given_back.contains(decision)) {
    if (dice.Percent(30)) GiveBack(*job, decision);
    return;
  }
  const bool is_in_time = *scene_.gate_time() < job->allowed[decision];
  if (is_in_time && dice.Percent(75)) return Start(*job);
  GiveBack(*job, decision);
}

void Services::Start(Job& job) {
  model::Dice& dice = scene_.dice();
  job.moves_by = job.newest_allowed;
  Database* database = DatabaseOf(scene_, job.asks.key.kind);
  scene_.Note(absl::StrCat("a service moves ", job.asks.key.kind.value(), "/",
                           job.asks.key.key.value(), " by ", job.moves_by));
  if (database == nullptr) return Confirm(job, job.moves_by);
  // Banks take their time, some of them longer than anybody waits for.
  const bool is_transfer = job.asks.key.kind == MovementKind("cash_out");
  const bool is_slow = dice.Percent(is_transfer ? 50 : 25);
  if (is_slow && is_transfer && dice.Percent(70)) {
    job.busy_until = scene_.now() + absl::Minutes(60 + dice.Roll(180));
  }
  const bool at_once = dice.Percent(60);
  if (at_once) database->Begin();
  for (const core::Line& line : job.asks.lines) {
    const MovementStatus status = is_slow ? MovementStatus::kInProgress : MovementStatus::kHappened;
    job.rows.push_back(
        database->Insert(scene_.now(), job.asks.key.kind, RowOf(job.asks, line, status)));
  }
  if (at_once) database->Commit();
  job.is_under_way = is_slow;
  job.has_moved = !is_slow;
  if (dice.Percent(40)) Confirm(job, job.moves_by);
}

// What is under way comes to its end, good or bad, or says once more that it is under way.
void Services::Finish(Job& job) {
  model::Dice& dice = scene_.dice();
  Database& database = *DatabaseOf(scene_, job.asks.key.kind);
  if (dice.Percent(25)) {
    database.Update(scene_.now(), job.rows.front(),
                    RowOf(job.asks, job.asks.lines.front(), MovementStatus::kInProgress));
    return;
  }
  const bool fails = dice.Percent(35);
  for (size_t i = 0; i < job.rows.size(); ++i) {
    const MovementStatus status = fails ? MovementStatus::kFailed : MovementStatus::kHappened;
    database.Update(scene_.now(), job.rows[i], RowOf(job.asks, job.asks.lines[i], status));
  }
  job.is_under_way = false;
  job.has_moved = !fails;
  if (!fails) return;
  // It is free to ask again, and to move by another decision.
  GiveBack(job, job.moves_by);
  job.rows.clear();
  job.moves_by.clear();
}

void Services::Confirm(const Job& job, const std::string& decision_id) {
  core::ConfirmInput confirm{job.asks.account, job.asks.key, decision_id, std::nullopt};
  if (scene_.dice().Percent(5)) confirm.amount = job.asks.amount;
  core::Input input;
  input.body = std::move(confirm);
  scene_.Call(std::move(input), std::nullopt, [](const auto&, absl::Time) {});
}

void Services::GiveBack(Job& job, const std::string& decision_id) {
  job.given_back.insert(decision_id);
  scene_.witness().ReleaseSent(decision_id);
  core::Input input;
  input.body = core::ReleaseInput{job.asks.account, job.asks.key, decision_id, "not needed"};
  scene_.Call(std::move(input), std::nullopt, [](const auto&, absl::Time) {});
}

// ---- The rest ----

void Services::Pay() {
  model::Dice& dice = scene_.dice();
  core::CheckInput what;
  const bool loads = dice.Percent(25);
  what.key = {MovementKind(loads ? "top_up" : "payment"),
              IdempotencyKey(absl::StrCat("p", ++made_))};
  what.account = model::RandomAccount(dice);
  what.amount = {Yuan(), 20 + static_cast<int64_t>(dice.Roll(100))};
  if (dice.Percent(10)) what.amount.minor_units = 151;
  core::Line line = model::RandomLine(dice, what.key.kind.value(), model::RandomOrder(dice),
                                      what.amount.minor_units);
  Database& database =
      loads || dice.Percent(30) ? scene_.databases().at("till") : scene_.databases().at("pay_db");
  const MovementStatus status = dice.Percent(75)   ? MovementStatus::kHappened
                                : dice.Percent(70) ? MovementStatus::kInProgress
                                                   : MovementStatus::kFailed;
  const core::RowId row = database.Insert(scene_.now(), what.key.kind, RowOf(what, line, status));
  if (status == MovementStatus::kInProgress && dice.Percent(60)) {
    database.Update(scene_.now(), row, RowOf(what, line, status));
  }
  if (status == MovementStatus::kInProgress && dice.Percent(70)) {
    database.Update(scene_.now(), row, RowOf(what, line, MovementStatus::kHappened));
  }
  if (dice.Percent(5)) database.Note("bid");
}

void Services::Guess() {
  model::Dice& dice = scene_.dice();
  const std::shared_ptr<Job> job = Find([](const Job&) { return true; });
  if (job == nullptr) return Ask();
  core::Input input;
  std::string decision = dice.Percent(50) ? "d0000000000000001" : "";
  const bool is_decided = !job->newest_allowed.empty();
  switch (dice.Roll(5)) {
    case 0:
      input.body = core::ConfirmInput{AccountId("m3"), job->asks.key,
                                      is_decided ? job->newest_allowed : decision, std::nullopt};
      break;
    case 1:
      input.body = core::ConfirmInput{job->asks.account, job->asks.key, decision, std::nullopt};
      break;
    case 2:
      input.body = core::ReleaseInput{AccountId("m3"), job->asks.key,
                                      is_decided ? job->newest_allowed : decision, "a mistake"};
      break;
    case 3:
      // Of a key that nobody asked for: it is closed to checks that are on their way.
      if (dice.Percent(50)) {
        input.body =
            core::ReleaseInput{job->asks.account,
                               {job->asks.key.kind, IdempotencyKey(absl::StrCat("k", made_ + 1))},
                               "",
                               "a mistake"};
        break;
      }
      input.body = core::ReleaseInput{job->asks.account, job->asks.key, decision, "a mistake"};
      break;
    default:
      // The given-back decision of an earlier generation.
      if (job->given_back.empty()) return;
      input.body =
          core::ReleaseInput{job->asks.account, job->asks.key, *job->given_back.begin(), "again"};
  }
  scene_.Call(std::move(input), std::nullopt, [](const auto&, absl::Time) {});
}

}  // namespace fundgate::simulation
