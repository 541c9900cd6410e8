// Where a server listens, or is to be found.
#ifndef CONNECTION_HOST_PORT_H_
#define CONNECTION_HOST_PORT_H_

#include <string>

#include "absl/status/statusor.h"

namespace fundgate::connection {

struct HostPort {
  std::string host;  // an address or a name; an IPv6 address in brackets
  int port = 0;

  // "HOST:PORT". INVALID_ARGUMENT saying what was expected.
  static absl::StatusOr<HostPort> Parse(const std::string& text);

  // True for 127.0.0.0/8, [::1] and localhost: nobody else can reach it.
  bool IsLoopback() const;
};

}  // namespace fundgate::connection

#endif  // CONNECTION_HOST_PORT_H_
