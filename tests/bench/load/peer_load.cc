#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/bench/load/peer.h"

namespace fundgate::bench {
namespace {

constexpr size_t kMostWaiting = 20'000;

class PeerLoop {
 public:
  explicit PeerLoop(const Plan& plan)
      : plan_(plan),
        movements_(plan.name, plan.spread, plan.seed),
        poll_(epoll_create1(EPOLL_CLOEXEC)) {}
  ~PeerLoop() { close(poll_); }
  PeerLoop(const PeerLoop&) = delete;
  PeerLoop& operator=(const PeerLoop&) = delete;

  absl::Status Connect(const Connector& connect) {
    const size_t colon = plan_.address.rfind(':');
    uint32_t port = 0;
    if (colon == std::string::npos || !absl::SimpleAtoi(plan_.address.substr(colon + 1), &port)) {
      return absl::InvalidArgumentError(absl::StrCat(plan_.address, " is not HOST:PORT"));
    }
    for (size_t i = 0; i < plan_.outstanding; ++i) {
      absl::StatusOr<std::unique_ptr<Peer>> peer =
          connect(plan_.address.substr(0, colon), static_cast<uint16_t>(port));
      if (!peer.ok()) return peer.status();
      peers_.push_back({*std::move(peer), {}});
    }
    for (size_t i = 0; i < peers_.size(); ++i) {
      epoll_event event = {.events = EPOLLIN, .data = {.u64 = i}};
      if (epoll_ctl(poll_, EPOLL_CTL_ADD, peers_[i].peer->descriptor(), &event) != 0) {
        return absl::InternalError("epoll_ctl failed");
      }
      free_.push_back(i);
    }
    return absl::OkStatus();
  }

  Result Run() {
    const Window window(plan_);
    window_ = &window;
    Arrivals arrivals(plan_.rate > 0 ? plan_.rate : 1, plan_.seed);
    while (!Finished(arrivals)) {
      TakeArrivals(arrivals);
      AskAll();
      Wait(arrivals);
      if (Clock::now() > window.end() + Plan::kPatience) break;
    }
    for (size_t open = peers_.size() - free_.size() + waiting_.size(); open > 0; --open) {
      result_.Failed("not answered in time");
    }
    return std::move(result_);
  }

 private:
  struct Open {
    std::unique_ptr<Peer> peer;
    Clock::time_point asked;
  };

  bool is_open_loop() const { return plan_.rate > 0; }

  bool Finished(const Arrivals& arrivals) const {
    const bool all_asked = is_open_loop() ? window_->IsOver(arrivals.next()) && waiting_.empty()
                                          : window_->IsOver(Clock::now());
    return all_asked && free_.size() == peers_.size();
  }

  // What should be asked by now.
  void TakeArrivals(Arrivals& arrivals) {
    if (!is_open_loop()) {
      waiting_.assign(window_->IsOver(Clock::now()) ? 0 : free_.size(), Clock::now());
      return;
    }
    for (; arrivals.next() <= Clock::now() && !window_->IsOver(arrivals.next());
         arrivals.Advance()) {
      if (waiting_.size() < kMostWaiting) {
        waiting_.push_back(arrivals.next());
      } else {
        result_.Failed("too many wait for a connection");
      }
    }
  }

  void AskAll() {
    while (!waiting_.empty() && !free_.empty()) {
      const size_t number = free_.front();
      free_.pop_front();
      Open& open = peers_[number];
      open.asked = is_open_loop() ? waiting_.front() : Clock::now();
      waiting_.pop_front();
      if (const absl::Status asked = open.peer->Ask(movements_.Next()); !asked.ok()) {
        result_.Failed(asked.ToString());
        free_.push_back(number);
      } else if (open.peer->HasReadAhead()) {
        Hear(number);
      }
    }
  }

  void Wait(const Arrivals& arrivals) {
    std::array<epoll_event, 256> ready;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const bool awaits_arrival = is_open_loop() && !window_->IsOver(arrivals.next());
    const Clock::time_point until =
        awaits_arrival ? arrivals.next() : window_->end() + Plan::kPatience;
    const timespec wait = ToTimespec(until - Clock::now());
    const int count =
        epoll_pwait2(poll_, ready.data(), static_cast<int>(ready.size()), &wait, nullptr);
    if (count < 0 && errno != EINTR) result_.Failed("epoll_pwait2 failed");
    for (int i = 0; i < count; ++i) Hear(ready[static_cast<size_t>(i)].data.u64);
  }

  void Hear(size_t number) {
    Open& open = peers_[number];
    const absl::StatusOr<std::string> answer = open.peer->Hear();
    if (answer.ok() && answer->empty()) return;
    free_.push_back(number);
    if (!window_->Holds(open.asked)) return;
    if (!answer.ok()) return result_.Failed(answer.status().ToString());
    if (*answer != "ALLOW") return result_.Failed("not allowed: " + *answer);
    result_.Answered(open.asked, 1);
  }

  const Plan& plan_;
  Movements movements_;
  const int poll_;
  std::vector<Open> peers_;
  std::deque<size_t> free_;
  std::deque<Clock::time_point> waiting_;  // what should have been asked
  const Window* window_ = nullptr;
  Result result_;
};

}  // namespace

Result LoadPeer(const Plan& plan, const Connector& connect) {
  PeerLoop loop(plan);
  if (const absl::Status connected = loop.Connect(connect); !connected.ok()) {
    Result result;
    result.Failed(connected.ToString());
    return result;
  }
  return loop.Run();
}

}  // namespace fundgate::bench
