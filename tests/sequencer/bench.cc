#include "tests/sequencer/bench.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace fundgate::sequencer {
namespace {

const SourceName kTill("till");
constexpr char kWaitFor[] = "wait_for";
constexpr char kStubborn[] = "stubborn";

std::string NameOf(const core::Input& input) {
  if (const auto* check = std::get_if<core::CheckInput>(&input.body)) {
    return check->key.key.value();
  }
  if (std::holds_alternative<core::IngestInput>(input.body)) return "ingest";
  if (std::holds_alternative<core::ClockDriftInput>(input.body)) return "drift";
  if (std::holds_alternative<core::AcceptTimeInput>(input.body)) return "accept";
  return "other";
}

}  // namespace

bool IsThere(const Answer& answer) {
  return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

core::Verdict VerdictOf(Answer answer) {
  const absl::StatusOr<core::Answer> got = answer.get();
  EXPECT_TRUE(got.ok()) << got.status();
  return got.ok() ? std::get<core::Decision>(*got).verdict : core::Verdict{};
}

core::CheckInput CheckOf(const std::string& key) {
  core::CheckInput check;
  check.key = {MovementKind("refund"), IdempotencyKey(key)};
  return check;
}

// ---- The machine ----

absl::StatusOr<core::Outcome> ScriptedMachine::Apply(const core::Input& input) {
  EXPECT_GE(input.time, state_.resident().clock.time) << "input time ran backwards";
  Note(input);
  core::Outcome outcome = Recorded(input, core::Done{});
  if (const auto* check = std::get_if<core::CheckInput>(&input.body)) {
    return Judge(input, *check);
  } else if (const auto* ingest = std::get_if<core::IngestInput>(&input.body)) {
    core::Source source;
    source.position = ingest->position;
    if (ingest->probe.has_value()) source.proven_past = ingest->probe->read_after;
    outcome.changes.Put<core::Sources>(ingest->source, source);
    outcome.answer = core::IngestAnswer{.position = ingest->position, .violations = 0};
  } else if (std::holds_alternative<core::TickInput>(input.body)) {
    outcome.recorded = false;
    outcome.changes = {};
  } else if (std::holds_alternative<core::ClockDriftInput>(input.body)) {
    outcome.changes.clock->drifted = true;
  } else if (std::holds_alternative<core::AcceptTimeInput>(input.body)) {
    outcome.changes.clock->drifted = false;
  } else if (const auto* confirm = std::get_if<core::ConfirmInput>(&input.body)) {
    if (confirm->key.key.value() == "poison") return absl::InternalError("a read failed");
  }
  return outcome;
}

core::Outcome ScriptedMachine::Judge(const core::Input& input,
                                     const core::CheckInput& check) const {
  EXPECT_GE(input.time, check.arrived_at);
  core::Decision decision;
  decision.key = check.key;
  decision.verdict = core::Verdict::kAllow;
  if (check.attributes.contains(kWaitFor)) {
    const auto source = state_.resident().of<core::Sources>().find(kTill);
    const bool stubborn = check.key.key.value() == kStubborn;
    const bool proven = !stubborn && source != state_.resident().of<core::Sources>().end() &&
                        source->second.proven_past >= check.arrived_at;
    if (!proven && check.may_wait) {
      core::Outcome wait;
      wait.recorded = false;
      wait.answer = core::Wait{.sources = {kTill},
                               .after_positions = {},
                               .proven_past = check.arrived_at,
                               .give_up_at = input.time + absl::Milliseconds(200)};
      return wait;
    }
    if (!proven) decision.verdict = core::Verdict::kHold;
  }
  core::Outcome outcome = Recorded(input, decision);
  if (check.key.key.value() == "replay") {
    outcome.recorded = false;
    outcome.changes = {};
  }
  return outcome;
}

core::Outcome ScriptedMachine::Recorded(const core::Input& input, core::Answer answer) const {
  core::Outcome outcome;
  outcome.answer = std::move(answer);
  outcome.changes.clock = state_.resident().clock;
  ++outcome.changes.clock->sequence;
  outcome.changes.clock->time = input.time;
  return outcome;
}

void ScriptedMachine::Note(const core::Input& input) {
  MutexLock lock(mutex_);
  if (std::holds_alternative<core::TickInput>(input.body)) {
    ++ticks_;
  } else {
    judged_.insert(NameOf(input));
    stopped_ = !stop_at_.empty() && NameOf(input) == stop_at_;
  }
  changed_.NotifyAll();
  while (stopped_) changed_.Wait(mutex_);
}

void ScriptedMachine::StopAt(const std::string& key) {
  MutexLock lock(mutex_);
  stop_at_ = key;
}

void ScriptedMachine::AwaitStop() {
  MutexLock lock(mutex_);
  while (!stopped_) changed_.Wait(mutex_);
}

void ScriptedMachine::GoOn() {
  MutexLock lock(mutex_);
  stop_at_.clear();
  stopped_ = false;
  changed_.NotifyAll();
}

void ScriptedMachine::GoOnUntil(const std::string& key) {
  MutexLock lock(mutex_);
  stop_at_ = key;
  stopped_ = false;
  changed_.NotifyAll();
  while (!stopped_) changed_.Wait(mutex_);
}

void ScriptedMachine::AwaitTicks(int count) {
  MutexLock lock(mutex_);
  while (ticks_ < count) changed_.Wait(mutex_);
}

int ScriptedMachine::judged(const std::string& key) const {
  MutexLock lock(mutex_);
  return static_cast<int>(judged_.count(key));
}

// ---- The bench ----

Bench::Bench(Options options) {
  absl::StatusOr<std::unique_ptr<Sequencer>> started = PipelinedSequencer::Start(
      options, store, input_clock,
      [this](const core::Input& input) { return machine.Apply(input); },
      [this](const std::vector<SourceName>& sources) {
        EXPECT_EQ(sources, std::vector<SourceName>{kTill});
        MutexLock lock(mutex_);
        ++probe_requests_;
        changed_.NotifyAll();
      },
      [this](const absl::Status& status) { death_.set_value(OwnCopy(status)); });
  EXPECT_TRUE(started.ok()) << started.status();
  sequencer = *std::move(started);
}

Bench::~Bench() { sequencer.reset(); }

Answer Bench::Submit(core::Input input, std::optional<absl::Duration> time_left) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<core::Answer>>>();
  Answer answer = promise->get_future();
  const absl::Status queued = sequencer->Submit(
      std::move(input), time_left,
      [promise](absl::StatusOr<core::Answer> got) { promise->set_value(std::move(got)); });
  if (!queued.ok()) promise->set_value(queued);
  return answer;
}

Answer Bench::Check(const std::string& key, std::optional<absl::Duration> time_left) {
  return Submit({.time = {}, .body = CheckOf(key)}, time_left);
}

Answer Bench::WaitingCheck(const std::string& key, std::optional<absl::Duration> time_left) {
  core::CheckInput check = CheckOf(key);
  check.attributes[kWaitFor] = kTill.value();
  return Submit({.time = {}, .body = check}, time_left);
}

Answer Bench::Prove() {
  core::IngestInput ingest;
  ingest.source = kTill;
  ingest.probe = core::Probe{.head = {}, .read_after = input_clock.Now()};
  return Submit({.time = {}, .body = ingest});
}

void Bench::Settle() { Check(absl::StrCat("settle", ++settled_)).wait(); }

std::vector<std::string> Bench::Journal() const {
  std::vector<std::string> names;
  for (const FakeStore::Record& record : store.journal()) {
    std::string name = NameOf(record.input);
    if (!absl::StartsWith(name, "settle")) names.push_back(std::move(name));
  }
  return names;
}

size_t Bench::probe_requests() const {
  MutexLock lock(mutex_);
  return probe_requests_;
}

void Bench::AwaitProbeRequests(size_t count) {
  MutexLock lock(mutex_);
  while (probe_requests_ < count) changed_.Wait(mutex_);
}

absl::Status Bench::AwaitDeath() { return death_.get_future().get(); }

}  // namespace fundgate::sequencer
