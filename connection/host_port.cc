#include "connection/host_port.h"

#include <arpa/inet.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fundgate::connection {

absl::StatusOr<HostPort> HostPort::Parse(const std::string& text) {
  constexpr int kMaxPort = 65'535;
  const size_t colon = text.rfind(':');
  HostPort address;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > kMaxPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text,
                     "\" is no address; expected HOST:PORT like 127.0.0.1:7443; where a server "
                     "listens, port 0 stands for any free one"));
  }
  address.host = text.substr(0, colon);
  const bool bracketed = address.host.front() == '[' && address.host.back() == ']';
  if (!bracketed && address.host.find(':') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\": an IPv6 address stands in brackets, like [::1]:7443"));
  }
  return address;
}

bool HostPort::IsLoopback() const {
  if (host == "localhost" || host == "[::1]") return true;
  in_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 && (ntohl(parsed.s_addr) >> 24U) == 127U;
}

}  // namespace fundgate::connection
