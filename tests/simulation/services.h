// Payment services and their customers: who asks before money moves, and then moves it.
#ifndef TESTS_SIMULATION_SERVICES_H_
#define TESTS_SIMULATION_SERVICES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/core/input.h"
#include "tests/simulation/scene.h"

namespace fundgate::simulation {

// One movement that a service wants to make.
struct Job {
  core::CheckInput asks;
  absl::Time made_at;                         // true time
  std::map<std::string, absl::Time> allowed;  // valid_until by decision
  std::string newest_allowed;                 // the decision heard of last
  std::set<std::string> given_back;           // decisions whose release was sent
  std::string moves_by;                       // the decision under which it moves; empty: none
  bool is_closed = false;                     // nothing honest is done about it any more
  bool is_under_way = false;
  absl::Time busy_until = absl::InfinitePast();  // true time: nothing comes of it before
  bool has_moved = false;
  std::vector<core::RowId> rows;  // in the database of its kind

  bool is_idle() const { return moves_by.empty() && !is_closed; }
};

// Where rows of a kind stand; null for kinds that have none.
Database* DatabaseOf(Scene& scene, const MovementKind& kind);
// What the job's row of one of its lines says.
core::Contribution RowOf(const core::CheckInput& check, const core::Line& line,
                         core::MovementStatus status);

// Well-behaved, but forgetful of nothing, impatient, and many: they ask twice at once, ask again
// after an answer was lost, and start only what was allowed, in time, and not given back.
class Services {
 public:
  explicit Services(Scene& scene) : scene_(scene) {}

  // Something new is wanted.
  void Ask();
  // An old question is asked again, perhaps with something in it that is not as it was.
  void AskAgain();
  // Whoever's hold an operator has approved asks again, first of all whose approval ends first.
  void AskApproved();
  // Whether such an approval is at its end, give or take half a second.
  bool IsInAHurry() const;
  // The next step of some movement.
  void GoOn();
  // A customer pays, or loads a wallet.
  void Pay();
  // Commands that name what isn't so, as by mistake or by somebody who guesses.
  void Guess();

  const std::vector<std::shared_ptr<Job>>& jobs() const { return jobs_; }
  // Long ago: nobody comes back to any of it.
  void ForgetAll() { jobs_.clear(); }
  // A job that `fits`, mostly one of the newest; null if there is none.
  template <typename Fits>
  std::shared_ptr<Job> Find(const Fits& fits);

 private:
  core::CheckInput NewCheck();
  std::optional<core::CheckInput> NewCashOut();
  absl::Time ApprovedUntil(const Job& job) const;
  void Send(const std::shared_ptr<Job>& job, core::CheckInput check);
  void Twist(core::CheckInput& check);
  void Start(Job& job);
  void Finish(Job& job);
  void Confirm(const Job& job, const std::string& decision_id);
  void GiveBack(Job& job, const std::string& decision_id);

  Scene& scene_;
  std::vector<std::shared_ptr<Job>> jobs_;
  uint64_t made_ = 0;
};

template <typename Fits>
std::shared_ptr<Job> Services::Find(const Fits& fits) {
  std::vector<std::shared_ptr<Job>> found;
  for (auto job = jobs_.rbegin(); job != jobs_.rend() && found.size() < 8; ++job) {
    if (fits(**job)) found.push_back(*job);
  }
  return found.empty() ? nullptr : scene_.dice().Pick(found);
}

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_SERVICES_H_
