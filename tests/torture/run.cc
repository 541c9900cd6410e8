#include "tests/torture/run.h"

#include <poll.h>

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/torture/evidence.h"
#include "tests/torture/injuries.h"
#include "tests/torture/linearizability.h"
#include "tests/torture/services.h"
#include "tests/torture/world.h"

namespace fundgate::torture {
namespace {

constexpr int kOpenOrders = 6;
constexpr size_t kOperationsOfAnOrder = 60;
constexpr size_t kAskedAfterEach = 40;
constexpr int kLongestRestMs = 500;
constexpr Instant kSecond = 1'000'000'000;
constexpr Instant kSaidEvery = 10 * kSecond;
// Business must go on between two injuries: so many are allowed, unless it takes longer than that.
constexpr int64_t kAllowedBetween = 3;
constexpr Instant kLongestWait = 4 * kSecond;

class Run {
 public:
  explicit Run(const RunSettings& settings)
      : settings_(settings), begun_(Now()), said_(begun_), world_(settings.folder) {}

  RunReport Do() {
    if (Begin()) Injure();
    if (report_.failures.empty()) {
      End();
    } else if (services_ != nullptr) {
      services_ = nullptr;
    }
    if (!report_.failures.empty()) Keep();
    return std::move(report_);
  }

 private:
  // False if it could not begin.
  bool Begin() {
    if (!Expect(world_.StartGate())) return false;
    world_.StartSidecar();
    if (!Expect(world_.AwaitApplied())) return false;
    services_ =
        std::make_unique<Services>(world_.places(), shop_, settings_.clients, settings_.seed);
    return true;
  }

  void Injure() {
    Injuries injuries(world_, settings_.seed, report_);
    for (const std::string& what : report_.skipped) Say(absl::StrCat("skipped: ", what));
    while (report_.failures.empty() && report_.kills() < settings_.kills && !IsOver()) {
      AwaitBusiness();
      injuries.Wait(kLongestRestMs);
      Take(false);
      if (!report_.failures.empty()) break;
      const int kills = report_.kills_of_gate;
      const std::string name = injuries.Next(evidence_.heard());
      last_ = name;
      if (report_.failures.empty() && report_.kills_of_gate > kills) {
        Add(evidence_.CheckNewest(world_.stubs(), kAskedAfterEach));
      }
      SayProgress();
    }
  }

  void AwaitBusiness() {
    const int64_t enough = services_->counts().allowed + kAllowedBetween;
    const Instant end = Now() + kLongestWait;
    while (services_->counts().allowed < enough && Now() < end) ::poll(nullptr, 0, 5);
  }

  // What services have heard and done since the last time is judged.
  void Take(bool all) {
    Add(evidence_.Add(services_->TakeHeard()));
    for (const History& history : shop_.TakeFinished(all)) {
      evidence_.Add(history);
      const Judgement judgement = JudgeHistory(history);
      ++report_.orders;
      report_.operations += static_cast<int64_t>(history.operations.size());
      if (!judgement.linearizable) report_.failures.push_back(judgement.why);
    }
  }

  void End() {
    Say("no more injuries: everybody comes to rest");
    services_->Stop();
    Take(true);
    if (!Expect(world_.AwaitApplied())) return;
    Add(CheckBooks(world_));
    Add(evidence_.CheckViolations(world_.stubs()));
    Add(evidence_.CheckAll(world_.stubs()));
    report_.decisions = static_cast<int64_t>(evidence_.heard().size());
    CountHeard();
    if (const int code = world_.StopGate(); code != 0) {
      report_.failures.push_back(absl::StrCat("the gate ended with ", code));
    }
    const auto [code, said] = world_.Verify();
    if (code != 0) report_.failures.push_back(absl::StrCat("fundgated --verify: ", said));
    Say(said);
  }

  // What is needed to look into it.
  void Keep() {
    if (services_ != nullptr) CountHeard();
    world_.KillGate();
    world_.KillDatabase();
    std::error_code failed;
    for (const auto& [from, to] :
         {std::pair{world_.disk().path(), settings_.folder + "/kept-gate"},
          {world_.database().folder(), settings_.folder + "/kept-database"}}) {
      std::filesystem::copy(from, to, std::filesystem::copy_options::recursive, failed);
    }
  }

  void CountHeard() {
    const Counts& counts = services_->counts();
    report_.allowed = counts.allowed;
    report_.held = counts.held;
    report_.blocked = counts.blocked;
    report_.unheard = counts.unheard;
    report_.exhausted = counts.exhausted;
    report_.rows = counts.rows;
  }

  bool IsOver() const {
    return settings_.minutes > 0 && Now() - begun_ > settings_.minutes * 60 * kSecond;
  }

  void Add(std::vector<std::string> wrong) {
    for (std::string& what : wrong) report_.failures.push_back(std::move(what));
  }

  bool Expect(const absl::Status& status) {
    if (!status.ok()) report_.failures.emplace_back(status.message());
    return status.ok();
  }

  void Say(const std::string& line) const {
    const Instant seconds = (Now() - begun_) / kSecond;
    if (settings_.say) {
      settings_.say(absl::StrFormat("[%02d:%02d] %s", seconds / 60, seconds % 60, line));
    }
  }

  void SayProgress() {
    if (Now() - said_ < kSaidEvery) return;
    said_ = Now();
    CountHeard();
    Say(absl::StrCat(report_.Text(), "; last: ", last_));
  }

  const RunSettings settings_;
  const Instant begun_;
  Instant said_;
  RunReport report_;
  World world_;
  Shop shop_{kOpenOrders, kOperationsOfAnOrder};
  Evidence evidence_;
  std::string last_;
  std::unique_ptr<Services> services_;  // last: it uses the world and the shop
};

}  // namespace

std::string RunReport::Text() const {
  return absl::StrCat(kills(), " kills (gate ", kills_of_gate, ", sidecar ", kills_of_sidecar,
                      ", database ", kills_of_database, "), ", stops, " stops, ", fills,
                      " full and ", slows, " slow disks, ", damages, " damaged files (", refused,
                      " refused); ", allowed, " ALLOW, ", held, " HOLD, ", blocked, " BLOCK, ",
                      unheard, " calls without an answer (", exhausted, " exhausted), ", rows,
                      " rows; ", orders, " orders of ", operations, " operations linearizable");
}

RunReport Torture(const RunSettings& settings) { return Run(settings).Do(); }

}  // namespace fundgate::torture
