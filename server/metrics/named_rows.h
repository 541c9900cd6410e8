// Numbers by a name that the policy declares.
#ifndef SERVER_METRICS_NAMED_ROWS_H_
#define SERVER_METRICS_NAMED_ROWS_H_

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace fundgate::metrics {

// One thread finds and adds rows, any thread visits them. A row is looked up without a lock and
// without an allocation; one that is new takes both, once. Rows stay for ever, so names must come
// from a bounded set.
template <typename Row>
class NamedRows {
 public:
  // The owner's thread.
  Row& Of(std::string_view name) {
    const auto found = own_.find(name);
    if (found != own_.end()) return *found->second;
    const std::lock_guard<std::mutex> lock(mutex_);
    Row& row = rows_[std::string(name)];
    own_.emplace(name, &row);
    return row;
  }

  // Calls `visit(name, row)` for each row, by name.
  template <typename Visit>
  void ForEach(const Visit& visit) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [name, row] : rows_) visit(name, row);
  }

 private:
  std::map<std::string, Row*, std::less<>> own_;  // the owner's alone: where the rows are
  mutable std::mutex mutex_;
  std::map<std::string, Row> rows_;  // under mutex_; what is in a row isn't
};

}  // namespace fundgate::metrics

#endif  // SERVER_METRICS_NAMED_ROWS_H_
