#include "server/export/http_post.h"

#include <curl/curl.h>

#include <atomic>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "fundgate/types/status_macros.h"

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

// Of an address, what may be shown and what must be known.
struct WebAddress {
  std::string scheme;
  std::string host;
  std::string receiver;  // scheme, host and port

  bool IsLoopback() const { return host == "127.0.0.1" || host == "localhost" || host == "[::1]"; }
};

// As libcurl itself reads it. Messages don't repeat it: it may hold a secret.
absl::StatusOr<WebAddress> Parse(const std::string& url) {
  const std::unique_ptr<CURLU, void (*)(CURLU*)> parsed(curl_url(), curl_url_cleanup);
  const auto part = [&parsed](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, 0) != CURLUE_OK) return std::string();
    std::string copy = text;
    curl_free(text);
    return copy;
  };
  WebAddress address;
  if (parsed != nullptr && curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) {
    address.scheme = part(CURLUPART_SCHEME);
    address.host = part(CURLUPART_HOST);
  }
  if ((address.scheme != "http" && address.scheme != "https") || address.host.empty()) {
    return absl::InvalidArgumentError(
        "that is no address of a receiver: expected http://HOST... or https://HOST...");
  }
  address.receiver = absl::StrCat(address.scheme, "://", address.host);
  if (const std::string port = part(CURLUPART_PORT); !port.empty()) {
    absl::StrAppend(&address.receiver, ":", port);
  }
  if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the address of ", address.receiver,
                     " holds a name or a password, which everybody sees in the list of processes; "
                     "use a file with a bearer token"));
  }
  return address;
}

class CurlPost final : public HttpPost {
 public:
  CurlPost(HttpSettings settings, std::string receiver, std::unique_ptr<CURL, CurlDeleter> curl)
      : settings_(std::move(settings)), receiver_(std::move(receiver)), curl_(std::move(curl)) {
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
          absl::StrCat("no answer from ", receiver_, ": ", curl_easy_strerror(code)));
    }
    return Judge(answer);
  }

  const std::string& receiver() const override { return receiver_; }
  void Cancel() override { cancelled_ = true; }

 private:
  absl::Status Judge(const std::string& answer) const {
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) return absl::OkStatus();
    const std::string message =
        absl::StrCat(receiver_, " answered ", status, answer.empty() ? "" : ": ",
                     std::string(absl::StripAsciiWhitespace(answer)));
    const bool passes = status >= 500 || status == kRequestTimeout || status == kTooManyRequests;
    return passes ? absl::UnavailableError(message) : absl::InvalidArgumentError(message);
  }

  const HttpSettings settings_;
  const std::string receiver_;
  const std::unique_ptr<CURL, CurlDeleter> curl_;
  std::atomic<bool> cancelled_{false};
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpPost>> HttpPost::Make(HttpSettings settings) {
  FUNDGATE_ASSIGN_OR_RETURN(const WebAddress address, Parse(settings.url));
  if (!settings.token.empty() && address.scheme == "http" && !address.IsLoopback()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token for ", address.receiver, " would be sent unencrypted; use https"));
  }
  InitializeOnce();
  std::unique_ptr<CURL, CurlDeleter> curl(curl_easy_init());
  if (curl == nullptr) return absl::InternalError("libcurl can't be used");
  return std::make_unique<CurlPost>(std::move(settings), address.receiver, std::move(curl));
}

}  // namespace fundgate::exporting
