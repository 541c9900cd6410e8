#include "client/unasked.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/convert.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "grpcpp/client_context.h"

namespace fundgate::client {
namespace {

constexpr size_t kMaxRemembered = 100'000;
// How long one call of the thread may take, and how soon it tries again when there is no answer.
constexpr absl::Duration kCallTimeout = absl::Seconds(2);
constexpr absl::Duration kTryAgain = absl::Milliseconds(250);
constexpr absl::Duration kLongestSleep = absl::Seconds(30);

absl::Duration FromProto(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

BootClock::time_point After(BootClock::time_point time, absl::Duration duration) {
  return time + absl::ToChronoNanoseconds(
                    std::clamp(duration, absl::ZeroDuration(), absl::Hours(24 * 366)));
}

Decision LocalDecision(const v1::CheckRequest& check, Verdict verdict, ReasonCode code,
                       std::string message) {
  Decision decision;
  decision.local = true;
  decision.verdict = verdict;
  decision.request_id = check.request_id();
  decision.checkpoint = MovementKind(check.checkpoint());
  decision.idempotency_key = IdempotencyKey(check.idempotency_key());
  decision.account = AccountId(check.account_id());
  Reason reason;
  reason.code = code;
  reason.verdict = verdict;
  reason.message = std::move(message);
  decision.reasons.push_back(std::move(reason));
  return decision;
}

// Whether two checks are about one movement, however they are told apart as requests.
bool SameContent(v1::CheckRequest a, v1::CheckRequest b) {
  for (v1::CheckRequest* check : {&a, &b}) {
    check->clear_request_id();
    check->clear_max_staleness();
    check->clear_after_positions();
  }
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

// The row of the matrix that the amount belongs to; the last one is about all others.
const v1::UnaskedAnswer& RowOf(const std::vector<v1::UnaskedAnswer>& answers,
                               const v1::Money& amount) {
  for (const v1::UnaskedAnswer& answer : answers) {
    if (answer.has_up_to() && answer.up_to().currency_code() == amount.currency_code() &&
        amount.minor_units() <= answer.up_to().minor_units()) {
      return answer;
    }
  }
  return answers.back();
}

Verdict ToVerdict(v1::Verdict verdict) {
  if (verdict == v1::VERDICT_ALLOW) return Verdict::kAllow;
  return verdict == v1::VERDICT_BLOCK ? Verdict::kBlock : Verdict::kHold;
}

std::string TextOf(Silence silence) {
  return silence == Silence::kOverloaded ? "the gate has too many checks to take this one"
                                         : "the gate gave no answer in time";
}

absl::Status Validate(const FailOpen& options) {
  if (options.holder.empty() || options.journal_file.empty() || options.checkpoints.empty()) {
    return absl::InvalidArgumentError(
        "FailOpen: holder, journal_file and checkpoints must not be empty");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Unasked>> Unasked::Start(const FailOpen& options,
                                                        std::unique_ptr<v1::Leases::Stub> gate) {
  FUNDGATE_RETURN_IF_ERROR(Validate(options));
  std::unique_ptr<Unasked> unasked(new Unasked(options, std::move(gate)));
  AllowJournal::Left left;
  FUNDGATE_ASSIGN_OR_RETURN(unasked->journal_, AllowJournal::Open(options.journal_file, &left));
  unasked->TakeOver(left);
  unasked->thread_ = std::thread([self = unasked.get()] { self->Run(); });
  return unasked;
}

Unasked::~Unasked() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Unasked::TakeOver(const AllowJournal::Left& left) {
  for (const MovementKind& name : options_.checkpoints) {
    checkpoints_[name.value()].name = name.value();
  }
  for (const v1::TakeLeaseRequest& lease : left.leases) {
    // What is left of it isn't known here: it is used no more.
    const auto found = checkpoints_.find(lease.checkpoint());
    if (found != checkpoints_.end()) found->second.ends = lease.ends_lease_id();
  }
  for (const v1::ReportAllowedRequest& report : left.unreported) {
    const Key key{report.check().checkpoint(), report.check().idempotency_key()};
    unreported_[key] = Allowed{report, BootClock::time_point(), true};
    order_.push_back(key);
  }
}

std::optional<Decision> Unasked::AnswerUnreported(const v1::CheckRequest& check) {
  const std::lock_guard lock(mutex_);
  const auto found = unreported_.find({check.checkpoint(), check.idempotency_key()});
  if (found == unreported_.end()) return std::nullopt;
  const Allowed& allowed = found->second;
  if (!SameContent(allowed.report.check(), check)) {
    return LocalDecision(check, Verdict::kBlock, ReasonCode::kIdempotencyConflict,
                         "this key belongs to another movement, which was allowed while the gate "
                         "could not be asked");
  }
  if (allowed.from_before || BootClock::now() >= allowed.start_before) {
    return LocalDecision(check, Verdict::kHold, ReasonCode::kInDoubt,
                         "it was allowed while the gate could not be asked, and the time to start "
                         "it has passed: confirm it if it moved, release it if it did not");
  }
  Decision replay = LocalDecision(check, Verdict::kAllow, ReasonCode::kLease,
                                  absl::StrCat("allowed by lease ", allowed.report.lease_id()));
  replay.replayed = true;
  replay.start_before = allowed.start_before;
  return replay;
}

std::optional<Decision> Unasked::Answer(const v1::CheckRequest& check, Silence silence,
                                        const std::optional<Stop>& stop) {
  const std::lock_guard lock(mutex_);
  const auto found = checkpoints_.find(check.checkpoint());
  if (found == checkpoints_.end() || found->second.answers.empty()) return std::nullopt;
  Checkpoint& checkpoint = found->second;
  const v1::UnaskedAnswer& row = RowOf(checkpoint.answers, check.amount());
  const Verdict verdict =
      ToVerdict(silence == Silence::kOverloaded ? row.when_overloaded() : row.when_unreachable());
  if (stop.has_value()) {
    GiveUp(checkpoint);
    const bool blocks = verdict == Verdict::kBlock || stop->verdict == Verdict::kBlock;
    Decision stopped = LocalDecision(
        check, blocks ? Verdict::kBlock : Verdict::kHold, ReasonCode::kBreaker,
        absl::StrCat(TextOf(silence), ", and says that breaker ", stop->scope, " stops it"));
    stopped.reasons.front().name = stop->scope;
    return stopped;
  }
  if (verdict != Verdict::kAllow) {
    return LocalDecision(check, verdict, ReasonCode::kGateUnreachable,
                         absl::StrCat(TextOf(silence), "; the policy answers so without it"));
  }
  const std::string why_not = WhyNot(checkpoint, check);
  if (!why_not.empty()) {
    return LocalDecision(
        check, Verdict::kHold, ReasonCode::kGateUnreachable,
        absl::StrCat(TextOf(silence), "; the policy would allow it, but ", why_not));
  }
  return Allow(checkpoint, check);
}

std::string Unasked::WhyNot(const Checkpoint& checkpoint, const v1::CheckRequest& check) const {
  if (!checkpoint.lease.has_value()) return "there is no lease";
  const Lease& lease = *checkpoint.lease;
  if (BootClock::now() >= lease.ends) return "the lease has run out, or was given up";
  const v1::Money& granted = lease.terms.budget().amount();
  if (lease.calls_left <= 0 || granted.currency_code() != check.amount().currency_code() ||
      check.amount().minor_units() > lease.money_left || check.amount().minor_units() <= 0) {
    return absl::StrCat("left of the lease are ", lease.calls_left, " calls and ",
                        granted.currency_code(), " ", lease.money_left, " in minor units");
  }
  return "";
}

void Unasked::Heard(const Decision& decision) {
  const std::lock_guard lock(mutex_);
  const auto found = checkpoints_.find(decision.checkpoint.value());
  if (found == checkpoints_.end()) return;
  for (const Reason& reason : decision.reasons) {
    const bool stops = reason.code == ReasonCode::kBreaker && reason.verdict != Verdict::kAllow &&
                       (reason.name == "*" || reason.name == found->first);
    if (stops) return GiveUp(found->second);
  }
}

// The gate is told with the next lease that is asked for: soon.
void Unasked::GiveUp(Checkpoint& checkpoint) {
  const BootClock::time_point now = BootClock::now();
  if (!checkpoint.lease.has_value() || now >= checkpoint.lease->ends) return;
  checkpoint.lease->ends = now;
  checkpoint.ask_at = now;
}

Decision Unasked::Allow(Checkpoint& checkpoint, const v1::CheckRequest& check) {
  Lease& lease = *checkpoint.lease;
  const BootClock::time_point now = BootClock::now();
  Allowed allowed;
  allowed.report.set_lease_id(lease.terms.lease_id());
  allowed.report.set_holder(options_.holder);
  *allowed.report.mutable_check() = check;
  *allowed.report.mutable_allowed_at() =
      ToProto(lease.gate_time + absl::FromChrono(now - lease.taken));
  allowed.start_before = After(now, checkpoint.valid_for);
  // Spent whether it gets to the disk or not: nobody knows after an error.
  lease.calls_left -= 1;
  lease.money_left -= check.amount().minor_units();
  if (absl::Status written = journal_->Allowed(allowed.report); !written.ok()) {
    return LocalDecision(check, Verdict::kHold, ReasonCode::kGateUnreachable,
                         absl::StrCat("the policy would allow it, but that can't be written down: ",
                                      written.message()));
  }
  Decision decision = LocalDecision(
      check, Verdict::kAllow, ReasonCode::kLease,
      absl::StrCat("allowed by lease ", lease.terms.lease_id(), ": the gate could not be asked"));
  decision.start_before = allowed.start_before;
  const Key key{check.checkpoint(), check.idempotency_key()};
  unreported_[key] = std::move(allowed);
  order_.push_back(key);
  wake_.notify_all();
  return decision;
}

std::optional<absl::StatusOr<std::string>> Unasked::DecisionIdOf(const MovementId& movement) {
  const std::lock_guard lock(mutex_);
  const Key key{movement.checkpoint.value(), movement.idempotency_key.value()};
  if (unreported_.count(key) > 0) {
    return absl::UnavailableError(
        "it was allowed while the gate could not be asked, and the gate hasn't heard of it yet; "
        "call again");
  }
  const auto found = decision_ids_.find(key);
  if (found == decision_ids_.end()) return std::nullopt;
  return found->second;
}

std::map<MovementKind, LeaseLeft> Unasked::LeasesLeft() {
  const std::lock_guard lock(mutex_);
  std::map<MovementKind, LeaseLeft> left;
  for (const auto& [name, checkpoint] : checkpoints_) {
    if (!checkpoint.lease.has_value() || BootClock::now() >= checkpoint.lease->ends) continue;
    const Lease& lease = *checkpoint.lease;
    const auto currency = Currency::FromCode(lease.terms.budget().amount().currency_code());
    left[MovementKind(name)] = {lease.calls_left,
                                Money{currency.value_or(Currency()), lease.money_left}, lease.ends};
  }
  return left;
}

void Unasked::Run() {
  for (;;) {
    const absl::Duration pause = Work();
    std::unique_lock lock(mutex_);
    if (stop_) return;
    wake_.wait_for(lock, absl::ToChronoNanoseconds(pause), [this] { return stop_; });
    if (stop_) return;
  }
}

// Reports, then takes what is due; says when to come again.
absl::Duration Unasked::Work() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return absl::ZeroDuration();
      if (order_.empty()) break;
    }
    if (!ReportOne()) return kTryAgain;
  }
  std::vector<std::string> due;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, checkpoint] : checkpoints_) {
      if (BootClock::now() >= checkpoint.ask_at) due.push_back(name);
    }
  }
  for (const std::string& name : due) {
    if (!TakeLease(name)) return kTryAgain;
  }
  const std::lock_guard lock(mutex_);
  if (!order_.empty()) return absl::ZeroDuration();
  absl::Duration pause = kLongestSleep;
  for (const auto& [name, checkpoint] : checkpoints_) {
    pause = std::min(pause, absl::FromChrono(checkpoint.ask_at - BootClock::now()));
  }
  // What is allowed meanwhile is reported soon.
  return std::clamp(pause, absl::Milliseconds(1), kTryAgain);
}

bool Unasked::ReportOne() {
  v1::ReportAllowedRequest report;
  Key key;
  {
    const std::lock_guard lock(mutex_);
    key = order_.front();
    report = unreported_.at(key).report;
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(kCallTimeout));
  v1::Decision decision;
  const grpc::Status status = gate_->ReportAllowed(&context, report, &decision);
  if (!status.ok()) return false;
  const std::lock_guard lock(mutex_);
  // It is reported even if that can't be written down: then it is reported twice, which is nothing.
  (void)journal_->Reported(report);
  unreported_.erase(key);
  order_.erase(order_.begin());
  decision_ids_[key] = decision.decision_id();
  remembered_.push_back(key);
  if (remembered_.size() > kMaxRemembered) {
    decision_ids_.erase(remembered_.front());
    remembered_.erase(remembered_.begin());
  }
  return true;
}

bool Unasked::TakeLease(const std::string& name) {
  v1::TakeLeaseRequest request;
  request.set_checkpoint(name);
  request.set_holder(options_.holder);
  {
    const std::lock_guard lock(mutex_);
    Checkpoint& checkpoint = checkpoints_.at(name);
    if (checkpoint.ends.empty() && checkpoint.lease.has_value() &&
        BootClock::now() >= checkpoint.lease->ends) {
      checkpoint.ends = checkpoint.lease->terms.lease_id();
      checkpoint.lease.reset();
    }
    request.set_ends_lease_id(checkpoint.ends);
  }
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(kCallTimeout));
  v1::TakeLeaseResponse response;
  const BootClock::time_point asked = BootClock::now();
  const grpc::Status status = gate_->TakeLease(&context, request, &response);
  if (!status.ok()) return false;
  Granted(name, request, response, asked);
  return true;
}

void Unasked::Granted(const std::string& name, const v1::TakeLeaseRequest& request,
                      const v1::TakeLeaseResponse& response, BootClock::time_point asked) {
  const std::lock_guard lock(mutex_);
  Checkpoint& checkpoint = checkpoints_.at(name);
  if (!request.ends_lease_id().empty()) {
    (void)journal_->Ended(request);
    checkpoint.ends.clear();
  }
  checkpoint.answers.assign(response.answers().begin(), response.answers().end());
  checkpoint.valid_for = FromProto(response.allow_valid_for());
  checkpoint.ask_at = After(asked, std::max(FromProto(response.renew_after()), kTryAgain));
  if (!response.stopped_by().empty()) GiveUp(checkpoint);
  if (!response.has_lease()) return;  // the one at hand is used to its end
  v1::TakeLeaseRequest taken;
  taken.set_checkpoint(name);
  taken.set_holder(options_.holder);
  taken.set_ends_lease_id(response.lease().lease_id());
  // A lease that isn't on disk could never be ended after a restart.
  if (!journal_->Taken(taken).ok()) return;
  if (checkpoint.lease.has_value()) checkpoint.ends = checkpoint.lease->terms.lease_id();
  Lease& lease = checkpoint.lease.emplace();
  lease.terms = response.lease();
  lease.calls_left = response.lease().budget().calls();
  lease.money_left = response.lease().budget().amount().minor_units();
  lease.gate_time = client::FromProto(response.gate_time());
  lease.taken = asked;
  lease.ends = After(asked, client::FromProto(response.lease().valid_until()) - lease.gate_time);
}

}  // namespace fundgate::client
