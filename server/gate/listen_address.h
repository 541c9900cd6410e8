// Where a server may listen.
#ifndef SERVER_GATE_LISTEN_ADDRESS_H_
#define SERVER_GATE_LISTEN_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"

namespace fundgate::gate {

struct ListenAddress {
  std::string host;  // an address or a name; an IPv6 address in brackets
  int port = 0;

  // "HOST:PORT". INVALID_ARGUMENT saying what was expected.
  static absl::StatusOr<ListenAddress> Parse(const std::string& text);

  // True for 127.0.0.0/8, [::1] and localhost: nobody else can reach it.
  bool IsLoopback() const;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_LISTEN_ADDRESS_H_
