#include "server/sidecar/feed/prepared_transactions.h"

#include <algorithm>
#include <utility>

namespace fundgate::feed {

void PreparedTransactions::Add(PreparedTransaction transaction) {
  (void)Take(transaction.xa_id);
  transactions_.push_back(std::move(transaction));
}

std::optional<PreparedTransaction> PreparedTransactions::Take(std::string_view xa_id) {
  const auto found = std::find_if(
      transactions_.begin(), transactions_.end(),
      [xa_id](const PreparedTransaction& transaction) { return transaction.xa_id == xa_id; });
  if (found == transactions_.end()) return std::nullopt;
  std::optional<PreparedTransaction> taken = std::move(*found);
  transactions_.erase(found);
  return taken;
}

bool PreparedTransactions::IsBeyond(absl::Time now) const {
  if (transactions_.empty()) return false;
  if (transactions_.size() > limits_.transactions) return true;
  if (transactions_.front().prepared_at + limits_.age < now) return true;
  const auto files =
      std::count_if(transactions_.begin(), transactions_.end(),
                    [](const PreparedTransaction& kept) { return kept.events.has_file(); });
  return static_cast<size_t>(files) > limits_.files;
}

std::vector<PreparedTransaction> PreparedTransactions::GiveUp(absl::Time now) {
  std::vector<PreparedTransaction> given_up;
  while (IsBeyond(now)) {
    given_up.push_back(std::move(transactions_.front()));
    transactions_.pop_front();
  }
  return given_up;
}

std::vector<Step> PreparedTransactions::Before() const {
  std::vector<Step> before;
  for (const PreparedTransaction& transaction : transactions_) {
    const auto earlier = std::find_if(before.begin(), before.end(), [&](const Step& step) {
      return step.stream == transaction.before.stream;
    });
    if (earlier == before.end()) before.push_back(transaction.before);
  }
  return before;
}

}  // namespace fundgate::feed
