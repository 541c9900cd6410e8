// Posting a text by HTTP, with everything that a webhook needs and nothing else. Hides libcurl.
#ifndef SERVER_EXPORT_HTTP_POST_H_
#define SERVER_EXPORT_HTTP_POST_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fundgate::exporting {

struct HttpSettings {
  std::string url;      // http or https; certificates of https are always verified
  std::string token;    // sent as "Authorization: Bearer ..."; empty: none
  std::string ca_file;  // who signs the receiver's certificate; empty: the system's authorities
  absl::Duration timeout = absl::Seconds(5);  // of connecting and of all of it
};

// One receiver. Post by one thread at a time; Cancel by any.
class HttpPost {
 public:
  // INVALID_ARGUMENT for an address that is none, that holds a name or a password, or where the
  // token would go unencrypted to another machine.
  static absl::StatusOr<std::unique_ptr<HttpPost>> Make(HttpSettings settings);

  virtual ~HttpPost() = default;

  // "https://pager.example:8443", for messages: what comes behind may be a secret.
  virtual const std::string& receiver() const = 0;

  // OK for an answer of 2xx. UNAVAILABLE if nobody answered in time, or with 408, 429 or 5xx;
  // INVALID_ARGUMENT for any other answer, with its beginning. Redirects aren't followed.
  virtual absl::Status Post(const std::string& body, const std::vector<std::string>& headers) = 0;

  // A Post under way fails soon, and so do all later ones.
  virtual void Cancel() = 0;
};

}  // namespace fundgate::exporting

#endif  // SERVER_EXPORT_HTTP_POST_H_
