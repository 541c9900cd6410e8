// Who may call the gate, as the access file says.
#ifndef SERVER_SECURITY_ACCESS_LIST_H_
#define SERVER_SECURITY_ACCESS_LIST_H_

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "connection/token.h"
#include "server/security/roles.h"
#include "server/security/token_bucket.h"

namespace fundgate::security {

// One caller. Everything but the bucket is constant.
struct Caller {
  std::string name;
  RoleSet roles;
  std::vector<std::string> checkpoints;  // none: all
  std::vector<std::string> sources;      // none: all
  std::vector<connection::TokenHash> tokens;
  std::unique_ptr<TokenBucket> limit;  // null: none

  bool MayAsk(std::string_view checkpoint) const;
  bool MayFeed(std::string_view source) const;
};

// Constant. Any thread.
class AccessList {
 public:
  // INVALID_ARGUMENT with every problem of the text, one a line, each with its place.
  static absl::StatusOr<std::shared_ptr<const AccessList>> Parse(const std::string& text,
                                                                 const std::string& file);

  // The file's, which nobody but root and the gate's user may be able to write, and at most a group
  // to read. What Parse and connection::ReadGuardedFile say.
  static absl::StatusOr<std::shared_ptr<const AccessList>> Read(const std::string& file);

  // Whose token it is; null: nobody's. Compares with every hash there is, in constant time.
  const Caller* FindByToken(std::string_view token) const;

  // Whose certificate it is, by the names in it; null: nobody's, or of two callers at once.
  const Caller* FindByCertificate(std::span<const std::string> names) const;

  size_t size() const { return callers_.size(); }

 private:
  std::vector<std::unique_ptr<Caller>> callers_;
  std::map<std::string, const Caller*, std::less<>> by_certificate_;
};

}  // namespace fundgate::security

#endif  // SERVER_SECURITY_ACCESS_LIST_H_
