#include "server/security/security_log.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
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

SecurityLog::SecurityLog(std::function<void(std::string_view line)> write, Clocks clocks)
    : write_(std::move(write)), clocks_(std::move(clocks)), since_(clocks_.wall()) {}

void SecurityLog::Add(v1::Denial denial) {
  *denial.mutable_at() = ToProto(clocks_.wall());
  Tame(*denial.mutable_caller());
  Tame(*denial.mutable_certificate());
  Tame(*denial.mutable_peer());
  Tame(*denial.mutable_message());
  std::string line;
  const bool write = lines_.Take(clocks_.steady()) == absl::ZeroDuration();
  if (write) {
    std::string json;
    (void)google::protobuf::util::MessageToJsonString(denial, &json);
    line = absl::StrCat("denied ", json);
  }
  {
    const std::lock_guard lock(mutex_);
    ++counts_[denial.reason()];
    newest_.push_back(std::move(denial));
    if (newest_.size() > kMaxKeptDenials) newest_.pop_front();
    if (!write) {
      ++unwritten_;
      return;
    }
    if (unwritten_ > 0) {
      absl::StrAppend(&line, " and ", std::exchange(unwritten_, 0), " before it, not written");
    }
  }
  write_(line);
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
