#include "server/security/security_log.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::security {
namespace {

constexpr size_t kMaxTextBytes = 512;
constexpr int32_t kUsualListing = 100;

// What a stranger chose goes into logs: printable ASCII alone, and not too much of it.
void Tame(std::string& text) {
  if (text.size() > kMaxTextBytes) text.resize(kMaxTextBytes);
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
}

google::protobuf::Timestamp ToProto(absl::Time time) {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(time));
}

}  // namespace

std::string_view NameOf(v1::DenialReason reason) {
  constexpr std::string_view kPrefix = "DENIAL_REASON_";
  const std::string_view name = v1::DenialReason_Name(reason);
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name;
}

SecurityLog::SecurityLog(logging::Log log, Clocks clocks)
    : log_(std::move(log)), clocks_(std::move(clocks)), since_(clocks_.wall()) {}

void SecurityLog::Add(v1::Denial denial) {
  *denial.mutable_at() = ToProto(clocks_.wall());
  Tame(*denial.mutable_caller());
  Tame(*denial.mutable_certificate());
  Tame(*denial.mutable_peer());
  Tame(*denial.mutable_message());
  const bool write = lines_.Take(clocks_.steady()) == absl::ZeroDuration();
  uint64_t unwritten = 0;
  {
    const std::lock_guard lock(mutex_);
    ++counts_[denial.reason()];
    newest_.push_back(denial);
    if (newest_.size() > kMaxKeptDenials) newest_.pop_front();
    if (!write) {
      ++unwritten_;
      return;
    }
    unwritten = std::exchange(unwritten_, 0);
  }
  Write(denial, unwritten);
}

void SecurityLog::Write(const v1::Denial& denial, uint64_t unwritten) const {
  std::vector<logging::Field> fields = {{"reason", std::string(NameOf(denial.reason()))}};
  const std::pair<std::string_view, const std::string&> texts[] = {
      {"caller", denial.caller()}, {"certificate", denial.certificate()}, {"rpc", denial.rpc()},
      {"peer", denial.peer()},     {"detail", denial.message()},
  };
  for (const auto& [name, text] : texts) {
    if (!text.empty()) fields.push_back({name, text});
  }
  if (unwritten > 0) fields.push_back({"unwritten_before", absl::StrCat(unwritten)});
  log_.Write(logging::Severity::kWarning, "denied", fields);
}

std::map<v1::DenialReason, uint64_t> SecurityLog::counts() const {
  std::map<v1::DenialReason, uint64_t> counts;
  {
    const std::lock_guard lock(mutex_);
    counts = counts_;
  }
  for (int number = v1::DENIAL_REASON_UNSPECIFIED + 1; number <= v1::DenialReason_MAX; ++number) {
    if (v1::DenialReason_IsValid(number)) counts.try_emplace(v1::DenialReason(number), 0);
  }
  return counts;
}

void SecurityLog::Fill(const v1::ListDenialsRequest& request,
                       v1::ListDenialsResponse& response) const {
  const int32_t limit = request.limit() == 0 ? kUsualListing : request.limit();
  const std::lock_guard lock(mutex_);
  for (auto it = newest_.rbegin(); it != newest_.rend(); ++it) {
    if (response.denials_size() >= limit) break;
    if (request.caller().empty() || request.caller() == it->caller()) *response.add_denials() = *it;
  }
  for (const auto& [reason, count] : counts_) {
    v1::DenialCount& entry = *response.add_counts();
    entry.set_reason(reason);
    entry.set_count(count);
  }
  *response.mutable_since() = ToProto(since_);
}

}  // namespace fundgate::security
