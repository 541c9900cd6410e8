// The bounded log of who was refused. It is no part of the state and of no journal.
#ifndef SERVER_SECURITY_SECURITY_LOG_H_
#define SERVER_SECURITY_SECURITY_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string_view>

#include "absl/time/time.h"
#include "fundgate/v1/security.pb.h"
#include "server/log/log.h"
#include "server/security/token_bucket.h"

namespace fundgate::security {

inline constexpr size_t kMaxKeptDenials = 1000;
// Lines that are written; what comes more often is counted, and the next line says how many.
inline constexpr int64_t kDenialLinesPerSecond = 20;
inline constexpr int64_t kDenialLinesBurst = 200;

// The reason without what all of them begin with: "ROLE".
std::string_view NameOf(v1::DenialReason reason);

// Any thread. A flood of refusals costs no more than its bounds.
class SecurityLog {
 public:
  struct Clocks {
    std::function<absl::Time()> wall;
    std::function<absl::Duration()> steady;
  };

  // `log` gets each denial as a warning, "denied", with what is known of it as fields.
  SecurityLog(logging::Log log, Clocks clocks);

  // Keeps, counts and writes it; sets its time. Texts that callers chose are cut where they are
  // long.
  void Add(v1::Denial denial);

  // How often each reason was given since the start, also of those that never were.
  std::map<v1::DenialReason, uint64_t> counts() const;

  void Fill(const v1::ListDenialsRequest& request, v1::ListDenialsResponse& response) const;

 private:
  void Write(const v1::Denial& denial, uint64_t unwritten) const;

  const logging::Log log_;
  const Clocks clocks_;
  const absl::Time since_;
  TokenBucket lines_{kDenialLinesPerSecond, kDenialLinesBurst};

  mutable std::mutex mutex_;       // over all below
  std::deque<v1::Denial> newest_;  // the oldest first
  std::map<v1::DenialReason, uint64_t> counts_;
  uint64_t unwritten_ = 0;
};

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_SECURITY_LOG_H_
