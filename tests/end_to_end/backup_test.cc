// Backups are made under load, and what is restored from them allows nothing before it has caught
// up with what it can't know.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "backup/backup_folder.h"
#include "backup/restored.h"
#include "fundgate/v1/status.grpc.pb.h"
#include "tests/end_to_end/callers.h"
#include "tests/end_to_end/processes.h"
#include "tests/gate/gate_world.h"
#include "tests/gate/test_feeder.h"
#include "tests/places/places.h"

namespace fundgate::end_to_end {
namespace {

using gate::testing::Refund;
using gate::testing::TestFeeder;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kUnderWay = 16;
constexpr size_t kBetween = 50;  // allowed between two steps of a test, at least

struct Ran {
  int code = 0;
  std::string out;
};

// With stderr in `out`, too.
Ran RunOf(const std::vector<std::string>& command) {
  std::vector<std::string> all = {"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh"};
  all.insert(all.end(), command.begin(), command.end());
  Process process(all);
  Ran ran;
  ran.out = process.ReadAll();
  ran.code = process.Wait();
  return ran;
}

// Asks on and on for new refunds of one order, of which there is plenty.
class Load {
 public:
  explicit Load(const std::string& address)
      : thread_([this, address] {
          Callers callers(address, 2);
          for (int key = 0; !stop_;) {
            while (callers.under_way() < kUnderWay) {
              callers.Ask(Refund(absl::StrCat("r", key++), "o1", 1));
            }
            Take(callers.Next());
          }
          while (callers.under_way() > 0) Take(callers.Next());
        }) {}
  ~Load() { Stop(); }

  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  void AwaitMore() const {
    const size_t enough = count_ + kBetween;
    while (count_ < enough) ::poll(nullptr, 0, 2);
  }

  // Once it is stopped.
  const std::vector<v1::Decision>& allowed() const { return allowed_; }

 private:
  void Take(const Answer& answer) {
    if (!answer.status.ok() || answer.decision.verdict() != v1::VERDICT_ALLOW) return;
    allowed_.push_back(answer.decision);
    ++count_;
  }

  std::vector<v1::Decision> allowed_;
  std::atomic<size_t> count_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class Backup : public ::testing::Test {
 protected:
  Backup() {
    std::ifstream worked(places::Source("config/policy.yaml"), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(worked), {});
    // So that a test needn't wait for long.
    std::ofstream(policy_) << absl::StrReplaceAll(
        text, {{"valid_for: 2m", "valid_for: 1s"}, {"valid_for: 10m", "valid_for: 1s"}});
  }

  GateProcess Start(const std::string& data, std::vector<std::string> options = {}) const {
    options.insert(options.end(), {"--policy", policy_});
    return GateProcess(data, options);
  }

  // A gate with a backup of it, made while it was busy, that goes on after and then dies. What was
  // allowed by it.
  std::vector<v1::Decision> BackUpUnderLoadAndDie() const {
    GateProcess gate = Start(data_);
    const auto channel = grpc::CreateChannel(gate.address(), grpc::InsecureChannelCredentials());
    TestFeeder feeder(channel, "ledger");
    feeder.Happened("payment", "p1", "o1", 1'000'000);
    Load load(gate.address());
    load.AwaitMore();
    const Ran created = RunOf(
        {places::Program("fundctl"), "--address", gate.address(), "backup", "create", backup_});
    EXPECT_EQ(created.code, 0) << created.out;
    EXPECT_THAT(created.out, HasSubstr("The backup is in "));
    load.AwaitMore();
    gate.process().Signal(SIGKILL);
    load.Stop();
    EXPECT_EQ(gate.process().Wait(), -SIGKILL);
    return load.allowed();
  }

  Ran Fundctl(std::vector<std::string> words) const {
    words.insert(words.begin(), {places::Program("fundctl"), "backup"});
    return RunOf(words);
  }

  Ran Restore() const {
    return Fundctl({"restore", backup_, "--data", restored_, "--reason", "the disk died"});
  }

  const TemporaryFolder folder_;
  const std::string data_ = folder_.path() + "/data";
  const std::string backup_ = folder_.path() + "/backup";
  const std::string restored_ = folder_.path() + "/restored";
  const std::string policy_ = folder_.path() + "/policy.yaml";
};

// The services of a gate, asked one by one.
class Caller {
 public:
  explicit Caller(const std::string& address)
      : channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())) {}

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  v1::Decision Ask(const std::string& key) const {
    grpc::ClientContext context;
    v1::Decision decision;
    const grpc::Status status =
        v1::Gate::NewStub(channel_)->Check(&context, Refund(key, "o1", 1), &decision);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return decision;
  }

  v1::Decision DecisionOf(const std::string& id) const {
    v1::GetDecisionRequest request;
    request.set_decision_id(id);
    grpc::ClientContext context;
    v1::Decision decision;
    const grpc::Status status =
        v1::Gate::NewStub(channel_)->GetDecision(&context, request, &decision);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return decision;
  }

  v1::GetStatusResponse Status() const {
    grpc::ClientContext context;
    v1::GetStatusResponse response;
    const grpc::Status status =
        v1::Status::NewStub(channel_)->GetStatus(&context, v1::GetStatusRequest(), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

// Held for the restore and for nothing that a breaker of the policy might do.
void ExpectHeld(const v1::Decision& decision) {
  EXPECT_EQ(decision.verdict(), v1::VERDICT_HOLD);
  ASSERT_GT(decision.reasons_size(), 0);
  EXPECT_EQ(decision.reasons(0).code(), v1::REASON_CODE_BREAKER);
  EXPECT_EQ(decision.reasons(0).name(), "*");
  EXPECT_THAT(decision.reasons(0).message(),
              AllOf(HasSubstr("the disk died"), HasSubstr("is not known"),
                    HasSubstr("Every check is held until ")));
}

// True once it is so; false after a minute.
bool Await(const std::function<bool()>& condition) {
  for (int attempt = 0; attempt < 1200; ++attempt) {
    if (condition()) return true;
    ::poll(nullptr, 0, 50);
  }
  return false;
}

TEST_F(Backup, MadeUnderLoadIsSoundAndHoldsAllThatWasAcknowledgedBefore) {
  const std::vector<v1::Decision> allowed = BackUpUnderLoadAndDie();
  const Ran verified = Fundctl({"verify", backup_});
  EXPECT_EQ(verified.code, 0) << verified.out;
  EXPECT_THAT(verified.out, HasSubstr("Every file and every hash of the chain is sound."));
  const uint64_t point = backup::ReadManifest(backup_).value().point().sequence();
  EXPECT_GT(point, allowed[kBetween - 1].sequence());
  EXPECT_LT(point, allowed.back().sequence());
  ASSERT_EQ(Restore().code, 0);
  GateProcess gate = Start(restored_);
  const Caller caller(gate.address());
  size_t known = 0;
  for (const v1::Decision& decision : allowed) {
    if (decision.sequence() > point) continue;
    const v1::Decision found = caller.DecisionOf(decision.decision_id());
    EXPECT_EQ(found.idempotency_key(), decision.idempotency_key());
    EXPECT_EQ(found.verdict(), v1::VERDICT_ALLOW);
    ++known;
  }
  EXPECT_GE(known, kBetween);
  gate.process().Signal(SIGTERM);
  EXPECT_EQ(gate.process().Wait(), 0);
  EXPECT_EQ(Verify(restored_), 0);
}

TEST_F(Backup, ARestoredGateHoldsUntilItsSourcesHaveCaughtUpAndSaysSo) {
  const std::vector<v1::Decision> allowed = BackUpUnderLoadAndDie();
  ASSERT_EQ(Restore().code, 0);
  {
    GateProcess gate = Start(restored_);
    const Caller caller(gate.address());
    ExpectHeld(caller.Ask("new"));
    // What became of it since may be forgotten.
    EXPECT_EQ(caller.Ask(allowed.front().idempotency_key()).verdict(), v1::VERDICT_HOLD);
    const v1::GetStatusResponse status = caller.Status();
    EXPECT_FALSE(status.ready());
    EXPECT_THAT(status.not_ready_reason(),
                AllOf(HasSubstr("restored from the backup of "), HasSubstr("not yet: ledger")));
    gate.process().Signal(SIGKILL);
    gate.process().Wait();
  }
  GateProcess gate = Start(restored_);
  const Caller caller(gate.address());
  ExpectHeld(caller.Ask("new"));
  // Time alone frees nothing.
  const v1::RestoredFrom word = *backup::ReadRestored(restored_).value();
  const int64_t late = word.held_until().seconds() + 10;
  ASSERT_TRUE(Await([&] { return caller.Status().gate_time().seconds() > late; }));
  ExpectHeld(caller.Ask("new"));
  // New feeders tell what happened.
  TestFeeder feeder(caller.channel(), "ledger");
  feeder.Happened("payment", "p2", "o1", 1);
  TestFeeder shop(caller.channel(), "shop");
  ASSERT_TRUE(Await([&] {
    feeder.Probe();
    shop.Probe();
    return caller.Ask("new").verdict() == v1::VERDICT_ALLOW;
  }));
  EXPECT_FALSE(std::filesystem::exists(absl::StrCat(restored_, "/", backup::kRestoredFile)));
  EXPECT_TRUE(caller.Status().ready()) << caller.Status().not_ready_reason();
  feeder.Finish();
  shop.Finish();
  gate.process().Signal(SIGTERM);
  EXPECT_EQ(gate.process().Wait(), 0);
  EXPECT_EQ(Verify(restored_), 0);
}

TEST_F(Backup, IsNeverRestoredOverAnything) {
  BackUpUnderLoadAndDie();
  const Ran over_data = Fundctl({"restore", backup_, "--data", data_});
  EXPECT_EQ(over_data.code, 1);
  EXPECT_THAT(over_data.out, HasSubstr("is not empty"));
  EXPECT_EQ(Verify(data_), 0);
  const GateProcess gate = Start(data_);
  EXPECT_EQ(Fundctl({"restore", backup_, "--data", data_}).code, 1);
  const Ran again =
      RunOf({places::Program("fundctl"), "--address", gate.address(), "backup", "create", backup_});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(again.out, HasSubstr("exists already"));
}

TEST_F(Backup, OneChangedByteIsNamedAndNothingIsRestored) {
  BackUpUnderLoadAndDie();
  const v1::BackupManifest manifest = backup::ReadManifest(backup_).value();
  for (const v1::BackupFile& file : manifest.files()) {
    const std::string path = absl::StrCat(backup_, "/data/", file.name());
    if (file.bytes() == 0) continue;
    std::fstream bytes(path, std::ios::in | std::ios::out | std::ios::binary);
    const char original = static_cast<char>(bytes.get());
    bytes.seekp(0).put(static_cast<char>(original ^ 1)).flush();
    const Ran verified = Fundctl({"verify", "--files", backup_});
    EXPECT_EQ(verified.code, 1);
    EXPECT_THAT(verified.out, HasSubstr(path));
    EXPECT_EQ(Restore().code, 1);
    EXPECT_TRUE(std::filesystem::is_empty(restored_));
    bytes.seekp(0).put(original).flush();
  }
  EXPECT_EQ(Fundctl({"verify", backup_}).code, 0);
}

TEST_F(Backup, ACopyOfAnOldFolderIsHeldTooWhenTheGateIsTold) {
  BackUpUnderLoadAndDie();
  GateProcess gate = Start(data_, {"--restored", "the disk died"});
  const Caller caller(gate.address());
  ExpectHeld(caller.Ask("new"));
  EXPECT_THAT(caller.Status().not_ready_reason(), HasSubstr("restored from an older state"));
}

}  // namespace
}  // namespace fundgate::end_to_end
