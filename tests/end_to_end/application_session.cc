#include "tests/end_to_end/application_session.h"

#include <utility>

namespace fundgate::end_to_end {

bool ApplicationSession::Write(const std::string& sql) {
  if (session_ == nullptr) {
    auto session = sources::MariadbSession::Connect(endpoint_, {.user = "app", .password = ""});
    if (!session.ok()) return false;
    // As the payment service does: who else changes a payment is caught.
    if (!(*session)->Query("SET SESSION server_id = 77").ok()) return false;
    session_ = *std::move(session);
  }
  const bool done = session_->Query(sql).ok();
  if (!done) session_ = nullptr;
  return done;
}

}  // namespace fundgate::end_to_end
