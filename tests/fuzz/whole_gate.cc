#include "tests/fuzz/whole_gate.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "connection/host_port.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "server/core/machine.h"
#include "server/gate/access.h"
#include "server/gate/listener.h"
#include "server/gate/masking.h"
#include "server/gate/meters.h"
#include "server/gate/overload.h"
#include "server/gate/policy_documents.h"
#include "server/gate/readiness.h"
#include "server/gate/stream.h"
#include "server/security/security_log.h"
#include "server/sequencer/pipeline.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/whole_gate_parts.h"
#include "tests/places/places.h"

namespace fundgate::fuzz {
namespace {

constexpr absl::Duration kMoment = absl::Milliseconds(50);
constexpr int kMomentsMax = 2000;  // longer than any check may wait
constexpr size_t kQueuedJobs = 64;

// One gate at a time.
absl::Duration steady_time = absl::Hours(7);

absl::Duration Steady() { return steady_time; }
absl::Time Wall() { return absl::FromUnixSeconds(1'800'000'000) + (steady_time - absl::Hours(7)); }

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::cerr << "The gate can't be made: " << value.status() << '\n';
    std::abort();
  }
  return *std::move(value);
}

std::string ReadPolicy() {
  std::ifstream file(places::Source("config/policy.yaml"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const logging::Log& NoLog() {
  static const auto& log = *new logging::Log([](const logging::Line&) {});
  return log;
}

// A port that nobody uses: metrics and the status speak of it.
const gate::Listener& TheListener() {
  static const auto& listener = *new std::unique_ptr<gate::Listener>(Must(
      gate::Listener::Open(Must(connection::HostPort::Parse("127.0.0.1:0")), NoLog(), Steady)));
  return *listener;
}

store::Options InMemory() {
  store::Options options;
  options.directory = "/gate";
  options.compile_policy =
      [](std::string_view text) -> absl::StatusOr<std::shared_ptr<const core::Policy>> {
    if (text == WorkedPolicy().text) return WorkedPolicy().policy;
    return gate::CompilePolicy(text);
  };
  options.durability = store::Durability::kNoSync;
  const std::unique_ptr<rocksdb::Env> env(rocksdb::NewMemEnv(rocksdb::Env::Default()));
  options.file_system = env->GetFileSystem();
  options.block_cache_bytes = uint64_t{1} << 20;
  options.write_buffer_bytes = uint64_t{4} << 20;
  return options;
}

bool IsTheSequencersOwn(const core::Input& input) {
  return std::holds_alternative<core::TickInput>(input.body) ||
         std::holds_alternative<core::ClockDriftInput>(input.body);
}

// But the clock and the journal.
bool ChangesNothing(const core::Changes& changes) {
  bool nothing = !changes.policy_record.has_value();
  const auto look = [&]<typename Kind>(Kind) { nothing &= changes.of<Kind>().empty(); };
  core::StoredKinds::ForEach(look);
  core::ResidentKinds::ForEach(look);
  return nothing;
}

}  // namespace

const core::ApplyPolicyInput& WorkedPolicy() {
  static const auto& policy = *new core::ApplyPolicyInput([] {
    gate::PreparedPolicy prepared = gate::PreparePolicy(ReadPolicy(), "policy.yaml");
    Expect(prepared.ok(), "the worked example's policy loads");
    return prepared.input;
  }());
  return policy;
}

// ---- The sequencer ----

TurnedSequencer::TurnedSequencer(store::Store& store, sequencer::InputClock& clock,
                                 sequencer::ProbeRequest request_probe)
    : pipeline_(Must(sequencer::Pipeline::Create(
          {}, store, clock,
          [&store](const core::Input& input) { return core::Machine(store.state()).Apply(input); },
          std::move(request_probe),
          [](const absl::Status& status) {
            std::cerr << "The sequencer ends: " << status << '\n';
            std::abort();
          }))) {}

bool TurnedSequencer::Turn() {
  pipeline_->TurnWriter(absl::ZeroDuration());
  bool has_worked = false;
  while (pipeline_->committer_has_work()) {
    pipeline_->TurnCommitter();
    has_worked = true;
  }
  return has_worked;
}

void TurnedSequencer::Shutdown() {
  pipeline_->CloseQueue();
  while (pipeline_->TurnWriter(absl::ZeroDuration())) {
    while (pipeline_->committer_has_work()) pipeline_->TurnCommitter();
  }
}

// ---- The gate ----

WholeGate::Parts::Parts()
    : store(Must(store::Store::Open(InMemory()))),
      denials(NoLog(), {Wall, Steady}),
      access(nullptr, denials, meters, Steady),
      overload(NoLog(), Steady, kQueuedJobs),
      masking(*store, security::MaskKey("a secret of sixteen bytes or more")),
      clock({Wall, Steady, nullptr}, store->state().resident().clock.time),
      turned(*store, clock,
             [this](const std::vector<SourceName>& unproven) { probes.Request(unproven); }),
      workers(1, kQueuedJobs),
      backend{*store,   turned,       clock,  probes,  workers,  streams,       meters, readiness,
              draining, turned.Now(), access, denials, overload, TheListener(), masking},
      outbox(*store, turned, masking),
      gate_service(backend),
      breakers(backend),
      plans(backend),
      leases(backend),
      ingest(backend),
      sources(backend),
      status(backend),
      policies(backend),
      audit(backend),
      holds(backend),
      violations(backend),
      alerts(backend, outbox),
      security_service(backend) {}

WholeGate::Parts::~Parts() {
  turned.Shutdown();
  workers.Stop();
}

void WholeGate::Parts::FinishJobs() {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_idle = false;
  const absl::Status submitted = workers.Submit([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    is_idle = true;
    changed.notify_one();
  });
  Expect(submitted.ok(), "the workers take jobs");
  std::unique_lock<std::mutex> lock(mutex);
  changed.wait(lock, [&] { return is_idle; });
}

void WholeGate::Parts::Observe(Sequence sequence, const core::Input& input,
                               const core::Outcome& outcome) {
  const std::shared_ptr<const core::Policy> policy = store->view()->resident().policy;
  meters.Recorded(sequence, outcome, policy.get());
  if (outcome.changes.policy_record.has_value()) {
    overload.priorities.Read(outcome.changes.policy_record->text);
  }
  if (std::holds_alternative<core::Refusal>(outcome.answer)) {
    Expect(ChangesNothing(outcome.changes), "a refusal changes nothing");
  } else if (!IsTheSequencersOwn(input)) {
    ++recorded;
  }
  const absl::StatusOr<core::Outcome> again = core::Machine(replayed).Apply(input);
  replays = replays && again.ok() && again->answer == outcome.answer;
  if (again.ok()) replayed.Absorb(again->changes);
}

WholeGate::WholeGate() : parts_(std::make_unique<Parts>()) {
  parts_->turned.AddObserver(
      [this](Sequence sequence, const core::Input& input, const core::Outcome& outcome) {
        parts_->Observe(sequence, input, outcome);
      });
  core::Input input;
  input.body = WorkedPolicy();
  Expect(parts_->turned.Submit(std::move(input), std::nullopt, nullptr).ok(), "a policy is taken");
  parts_->turned.Turn();
}

WholeGate::~WholeGate() = default;

absl::Time WholeGate::Now() const { return parts_->turned.Now(); }
uint64_t WholeGate::recorded() const { return parts_->recorded; }

void WholeGate::PassTime(absl::Duration length) {
  steady_time += length;
  parts_->turned.Turn();
}

Result WholeGate::Make(const Rpc& rpc, const Messages& requests) {
  const std::unique_ptr<Call> call = rpc.begin(*this, requests);
  bool has_left = false;
  for (int moments = 0; !call->done();) {
    bool goes_on = call->Step();
    goes_on |= parts_->turned.Turn();
    if (goes_on || call->done()) continue;
    parts_->FinishJobs();
    if (call->done() || call->Step() || parts_->turned.Turn()) continue;
    Expect(++moments < kMomentsMax, "every call is answered");
    if (rpc.is_endless && moments > 1 && !std::exchange(has_left, true)) call->Cancel();
    if (moments > 2) PassTime(kMoment);
  }
  Result result{call->status(), call->TakeAnswers()};
  if (has_left && result.status.error_code() == grpc::StatusCode::CANCELLED) {
    result.status = grpc::Status::OK;
  }
  return result;
}

Result WholeGate::Make(std::string_view rpc, const google::protobuf::Message& request) {
  Messages requests;
  requests.emplace_back(request.New())->CopyFrom(request);
  return Make(FindRpc(rpc), requests);
}

bool WholeGate::ReplaysTheSame() const {
  const core::StateReader& state = parts_->store->state();
  bool same = parts_->replays;
  for (const auto& [id, book] : parts_->replayed.of<core::Books>()) {
    same = same && state.Find<core::Books>(id) == book;
  }
  for (const auto& [id, key] : parts_->replayed.of<core::Keys>()) {
    same = same && state.Find<core::Keys>(id) == key;
  }
  return same;
}

WholeGate::Feed WholeGate::FeedOf(const std::string& source) const {
  const auto& sources = parts_->store->state().resident().of<core::Sources>();
  const auto known = sources.find(SourceName(source));
  if (known == sources.end()) return {};
  return {known->second.epoch, known->second.position.ToString()};
}

core::Book WholeGate::BookOf(const core::BookId& id) const {
  std::optional<core::Book> book = parts_->store->state().Find<core::Books>(id);
  if (!book.has_value()) return {};
  return *std::move(book);
}

}  // namespace fundgate::fuzz
