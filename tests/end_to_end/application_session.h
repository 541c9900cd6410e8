// The payment service's session with its database, while both die and come back.
#ifndef TESTS_END_TO_END_APPLICATION_SESSION_H_
#define TESTS_END_TO_END_APPLICATION_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>

#include "server/sidecar/sources/mariadb/mariadb_session.h"

namespace fundgate::end_to_end {

// Connects when it is needed. Thread safety: none.
class ApplicationSession {
 public:
  // Of the database at that port of this machine.
  explicit ApplicationSession(uint16_t port) : endpoint_{"127.0.0.1", port} {}

  // False if it isn't known whether it was done.
  bool Write(const std::string& sql);

 private:
  const sources::Endpoint endpoint_;
  std::unique_ptr<sources::MariadbSession> session_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_APPLICATION_SESSION_H_
