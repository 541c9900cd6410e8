#include "tests/store/store_world.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/core/worked_policy.h"
#include "tests/core/world.h"

namespace fundgate::store::testing {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fundgate-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  if (made == nullptr) std::abort();
  path_ = made;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Options OptionsFor(const std::string& directory) {
  Options options;
  options.directory = directory + "/data";
  options.compile_policy =
      [](std::string_view) -> absl::StatusOr<std::shared_ptr<const core::Policy>> {
    return core::testing::WorkedPolicy();
  };
  return options;
}

StoreWorld::StoreWorld(Options options) : options_(std::move(options)) { Reopen(); }

void StoreWorld::Reopen() {
  store_.reset();
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(options_);
  if (!store.ok()) {
    ADD_FAILURE() << store.status();
    std::abort();
  }
  store_ = *std::move(store);
}

core::Answer StoreWorld::Append(decltype(core::Input::body) body) {
  now_ += absl::Microseconds(1);
  const core::Input input{now_, std::move(body)};
  absl::StatusOr<core::Outcome> outcome = core::Machine(store_->state()).Apply(input);
  if (!outcome.ok()) {
    ADD_FAILURE() << outcome.status();
    return core::Done{};
  }
  if (outcome->recorded) {
    const absl::Status status = store_->Append(input, *outcome);
    EXPECT_TRUE(status.ok()) << status;
  }
  return outcome->answer;
}

absl::StatusOr<uint64_t> StoreWorld::Write() {
  const uint64_t group = store_->EndGroup();
  absl::Status written = store_->Write(group);
  if (!written.ok()) return written;
  return group;
}

absl::Status StoreWorld::Commit() {
  absl::StatusOr<uint64_t> group = Write();
  return group.ok() ? store_->Sync(*group) : group.status();
}

core::Answer StoreWorld::Put(decltype(core::Input::body) body) {
  core::Answer answer = Append(std::move(body));
  const absl::Status status = Commit();
  EXPECT_TRUE(status.ok()) << status;
  return answer;
}

core::CheckInput StoreWorld::NewCheck(const std::string& key) const {
  core::CheckInput check;
  check.key = {MovementKind("refund"), IdempotencyKey(key)};
  check.account = AccountId("m1");
  check.amount = core::testing::M("CNY 1.00");
  check.lines = {core::Line{OrderId("o1"), 100, {}}};
  check.arrived_at = now_;
  check.may_wait = false;
  return check;
}

void StoreWorld::Begin() {
  core::ApplyPolicyInput apply;
  apply.text = "the worked policy";
  apply.policy = core::testing::WorkedPolicy();
  Put(std::move(apply));
  core::GrantEpochInput grant;
  grant.source = SourceName("ledger");
  Put(grant);
  core::IngestInput payment;
  payment.source = SourceName("ledger");
  payment.epoch = 1;
  payment.position = Position::Parse("ledger:1").value();
  core::MovementEvent change;
  change.kind = MovementKind("payment");
  change.row = {"payment", "1"};
  change.after = core::testing::Row{.key = "p1", .amount = "CNY 1000.00"}.ToContribution();
  payment.events = {core::Event{"ledger:1/0", now_, change}};
  payment.probe = core::Probe{payment.position, now_};
  Put(payment);
}

}  // namespace fundgate::store::testing
