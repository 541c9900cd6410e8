#include "tests/simulation/scene.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace fundgate::simulation {
namespace {

constexpr absl::Duration kStartOfSteadyClock = absl::Hours(7);

}  // namespace

Scene::Scene(const model::PolicyUnderTest& policy)
    : policy_(policy.compiled),
      witness_(databases_, policy.terms),
      follower_(policy,
                [this](Sequence sequence, const core::Input& input, const core::Answer& answer) {
                  Fail(witness_.Recorded(sequence, now_, input, answer));
                  Fail(FalseDrift(input));
                }) {
  for (const char* name : {"bank", "pay_db", "till"}) databases_.emplace(name, Database(name));
}

std::optional<absl::Time> Scene::gate_time() const {
  if (gate_ == nullptr || !gate_->is_alive()) return std::nullopt;
  return gate_->Now();
}

void Scene::Fail(std::optional<std::string> what) {
  if (what.has_value() && !failure_.has_value()) failure_ = std::move(what);
}

void Scene::Note(const std::string& what) {
  if (!tells_) return;
  absl::StrAppend(&story_, follower_.TakeStory(), "at ",
                  absl::FormatTime("%M:%E3S", now_, absl::UTCTimeZone()), " ", what, "\n");
}

std::string Scene::TakeStory() {
  absl::StrAppend(&story_, follower_.TakeStory());
  return std::exchange(story_, "");
}

// ---- Calls ----

void Scene::Answered(const core::Input& input, uint64_t wall_sets,
                     const absl::StatusOr<core::Answer>& answer) {
  if (const auto* check = std::get_if<core::CheckInput>(&input.body)) {
    if (!answer.ok()) Fail(witness_.Refused(check->request_id));
  }
  if (std::holds_alternative<core::AcceptTimeInput>(input.body) && answer.ok() &&
      std::holds_alternative<core::Done>(*answer)) {
    agreed_offset_ = wall_sets == wall_sets_ ? std::optional(wall_offset_) : std::nullopt;
    agreed_sets_ = wall_sets_;
  }
}

void Scene::Arrive(core::Input input, std::optional<absl::Duration> time_left, const Reply& reply,
                   const std::function<void(Network::Message)>& send_back) {
  if (gate_ == nullptr || !gate_->is_alive()) return;
  // Each has a name of its own, also where a message comes twice.
  if (auto* check = std::get_if<core::CheckInput>(&input.body)) {
    absl::StrAppend(&check->request_id, ".", ++arrivals_);
  }
  ++unanswered_;
  const absl::Status taken = gate_->Submit(
      input, time_left,
      [this, reply, send_back, input, sets = wall_sets_](absl::StatusOr<core::Answer> answer) {
        --unanswered_;
        Answered(input, sets, answer);
        send_back([reply, answer = std::move(answer), gate_time = gate_->Now()] {
          reply(answer, gate_time);
        });
      });
  if (taken.ok()) return;
  --unanswered_;
  Answered(input, wall_sets_, taken);
  send_back([reply, taken, gate_time = gate_->Now()] { reply(taken, gate_time); });
}

void Scene::Call(core::Input input, std::optional<absl::Duration> time_left, Reply reply) {
  network_.Send(dice_, now_, [this, input = std::move(input), time_left, reply = std::move(reply)] {
    Arrive(input, time_left, reply,
           [this](Network::Message message) { network_.Send(dice_, now_, message); });
  });
}

void Scene::CallInOrder(const std::shared_ptr<Stream>& stream, core::Input input, Reply reply) {
  network_.SendInOrder(dice_, now_, stream->latest_there,
                       [this, stream, input = std::move(input), reply = std::move(reply)] {
                         Arrive(input, std::nullopt, reply,
                                [this, stream](Network::Message message) {
                                  network_.SendInOrder(dice_, now_, stream->latest_back, message);
                                });
                       });
}

// ---- Time ----

void Scene::SetWallClock(absl::Duration by) {
  wall_offset_ += by;
  ++wall_sets_;
}

std::optional<std::string> Scene::FalseDrift(const core::Input& input) const {
  if (!std::holds_alternative<core::ClockDriftInput>(input.body)) return std::nullopt;
  if (!agreed_offset_.has_value() || agreed_sets_ != wall_sets_) return std::nullopt;
  return "clocks are said to run apart, though the time was accepted and nobody has set them since";
}

bool Scene::MissesDrift() const {
  return agreed_offset_.has_value() && !follower_.state().resident().clock.drifted &&
         absl::AbsDuration(wall_offset_ - *agreed_offset_) > sequencer::Options().drift_limit;
}

// ---- The gate's lives ----

void Scene::StartGate() {
  if (gate_ != nullptr) return;
  if (power_went_) {
    disk_->ComeUp(dice_);
  } else {
    disk_->Reopen();
  }
  power_went_ = false;
  unanswered_ = 0;
  ++lives_;
  Note(absl::StrCat("the gate starts, life ", lives_));
  Gate::Surroundings surroundings{
      .disk = disk_,
      .policy = policy_,
      .time = {.wall = [this] { return now_ + wall_offset_; },
               .steady = [this] { return kStartOfSteadyClock + (now_ - absl::UnixEpoch()); },
               .watch = nullptr},
      .request_probe =
          [this](const std::vector<SourceName>& sources) {
            for (const SourceName& source : sources) {
              wanted_probes_[source.value()] = gate_->Now();
            }
          },
      .observe =
          [this](Sequence sequence, const core::Input& input, const core::Outcome& outcome) {
            Fail(follower_.Follow(sequence, input, outcome.answer));
          },
      .complain = [this](const std::string& what) { Fail(what); }};
  absl::StatusOr<std::unique_ptr<Gate>> gate = Gate::Start(std::move(surroundings));
  if (!gate.ok()) {
    if (!disk_->is_powered()) {
      power_went_ = true;
      return Note("the power goes while it starts");
    }
    if (disk_->is_full()) return Note("the gate finds no room to start");
    return Fail(absl::StrCat("the gate does not start again: ", gate.status().ToString()));
  }
  gate_ = *std::move(gate);
  // It starts at the wall clock, or later.
  agreed_offset_ = gate_->Now() - now_;
  agreed_sets_.reset();
  Fail(follower_.Recover(*gate_->view()));
}

void Scene::NoticeDeath() {
  if (gate_ == nullptr || gate_->is_alive()) return;
  power_went_ = !disk_->is_powered();
  Note(power_went_ ? "the power has gone" : "the process has ended");
  // Its last words are lost.
  gate_.reset();
  unanswered_ = 0;
}

void Scene::KillGate(bool power_goes) {
  if (gate_ == nullptr) return;
  disk_->CutPower();
  power_went_ = power_goes;
  Note(power_goes ? "somebody pulls the plug" : "somebody kills the process");
  gate_.reset();
  unanswered_ = 0;
}

void Scene::StopGate() {
  if (gate_ == nullptr) return;
  gate_->ShutDown();
  Note("the gate is stopped");
  power_went_ = !disk_->is_powered();
  gate_.reset();
  unanswered_ = 0;
}

}  // namespace fundgate::simulation
