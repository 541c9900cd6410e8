// The right to run of what may run once at a time.
#ifndef SERVER_GATE_TURN_H_
#define SERVER_GATE_TURN_H_

#include <atomic>
#include <optional>
#include <utility>

namespace fundgate::gate {

// Given back when it goes. The flag must outlive it.
class Turn {
 public:
  // Nothing while another holds it.
  static std::optional<Turn> Take(std::atomic<bool>& running) {
    if (running.exchange(true)) return std::nullopt;
    return Turn(running);
  }
  Turn(Turn&& other) noexcept : running_(std::exchange(other.running_, nullptr)) {}
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (running_ != nullptr) *running_ = false;
  }

 private:
  explicit Turn(std::atomic<bool>& running) : running_(&running) {}
  std::atomic<bool>* running_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_TURN_H_
