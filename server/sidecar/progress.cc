#include "server/sidecar/progress.h"

namespace fundgate::sidecar {
namespace {

constexpr absl::Duration kEvery = absl::Seconds(5);
// The server's clock counts in seconds and may be off by some.
constexpr absl::Duration kBehind = absl::Seconds(10);

}  // namespace

std::optional<Progress::Report> Progress::Read(absl::Time committed_at, absl::Time now) {
  ++read_;
  const absl::Duration behind = now - committed_at;
  const bool catching_up = behind > kBehind;
  const bool is_time = catching_up ? now - since_ >= kEvery : reported_;
  if (!catching_up && !reported_) {
    since_ = now;
    read_ = 0;
  }
  if (!is_time) return std::nullopt;
  Report report;
  report.caught_up = !catching_up;
  report.behind = behind;
  const double seconds = absl::ToDoubleSeconds(now - since_);
  report.per_second =
      seconds > 0 ? static_cast<uint64_t>(static_cast<double>(read_) / seconds) : read_;
  reported_ = catching_up;
  since_ = now;
  read_ = 0;
  return report;
}

}  // namespace fundgate::sidecar
