#include "server/export/http_post.h"

#include <curl/curl.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace fundgate::exporting {
namespace {

constexpr size_t kMaxAnswerBytes = 512;  // kept of what the receiver says
constexpr long kRequestTimeout = 408;
constexpr long kTooManyRequests = 429;

void InitializeOnce() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

size_t KeepBeginning(char* data, size_t size, size_t count, void* kept) {
  auto& answer = *static_cast<std::string*>(kept);
  const size_t bytes = size * count;
  if (answer.size() < kMaxAnswerBytes) {
    answer.append(data, std::min(bytes, kMaxAnswerBytes - answer.size()));
  }
  return bytes;
}

int StopIfCancelled(void* cancelled, curl_off_t /*down_total*/, curl_off_t /*down*/,
                    curl_off_t /*up_total*/, curl_off_t /*up*/) {
  return *static_cast<const std::atomic<bool>*>(cancelled) ? 1 : 0;
}

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

class CurlPost final : public HttpPost {
 public:
  CurlPost(HttpSettings settings, std::unique_ptr<CURL, CurlDeleter> curl)
      : settings_(std::move(settings)), curl_(std::move(curl)) {
    CURL* handle = curl_.get();
    curl_easy_setopt(handle, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);  // other threads have their own signals
    curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "fundgate");
    const auto milliseconds = static_cast<long>(absl::ToInt64Milliseconds(settings_.timeout));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, KeepBeginning);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, StopIfCancelled);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &cancelled_);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(handle, CURLOPT_CAINFO, settings_.ca_file.c_str());
    }
  }

  absl::Status Post(const std::string& body, const std::vector<std::string>& headers) override {
    if (cancelled_) return absl::CancelledError("it is being stopped");
    std::unique_ptr<curl_slist, CurlDeleter> list(
        curl_slist_append(nullptr, "Content-Type: application/json"));
    for (const std::string& header : headers) {
      (void)curl_slist_append(list.get(), header.c_str());
    }
    if (!settings_.token.empty()) {
      const std::string authorization = absl::StrCat("Authorization: Bearer ", settings_.token);
      (void)curl_slist_append(list.get(), authorization.c_str());
    }
    std::string answer;
    CURL* handle = curl_.get();
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, list.get());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
    const CURLcode code = curl_easy_perform(handle);
    if (code != CURLE_OK) {
      return absl::UnavailableError(
          absl::StrCat("no answer from ", settings_.url, ": ", curl_easy_strerror(code)));
    }
    return Judge(answer);
  }

  void Cancel() override { cancelled_ = true; }

 private:
  absl::Status Judge(const std::string& answer) const {
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return absl::OkStatus();
    const std::string message =
        absl::StrCat(settings_.url, " answered ", status, answer.empty() ? "" : ": ",
                     std::string(absl::StripAsciiWhitespace(answer)));
    const bool passes = status >= 500 || status == kRequestTimeout || status == kTooManyRequests;
    return passes ? absl::UnavailableError(message) : absl::InvalidArgumentError(message);
  }

  const HttpSettings settings_;
  const std::unique_ptr<CURL, CurlDeleter> curl_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpPost>> HttpPost::Make(HttpSettings settings) {
  const bool is_web =
      absl::StartsWith(settings.url, "http://") || absl::StartsWith(settings.url, "https://");
  if (!is_web) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", settings.url, "\" is no address: expected http://... or https://..."));
  }
  if (!settings.token.empty() && absl::StartsWith(settings.url, "http://") &&
      !absl::StartsWith(settings.url, "http://127.0.0.1") &&
      !absl::StartsWith(settings.url, "http://localhost")) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token for ", settings.url, " would be sent unencrypted; use https"));
  }
  InitializeOnce();
  std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (curl == nullptr) return absl::InternalError("libcurl can't be used");
  return std::make_unique<CurlPost>(std::move(settings), std::move(curl));
}

}  // namespace fundgate::exporting
