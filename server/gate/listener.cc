#include "server/gate/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::gate {
namespace {

// Without a file for the next connection it is tried again after this long.
constexpr int kTiredMs = 50;
// A connection whose other end answers nothing for so long is closed.
constexpr int kUserTimeoutMs = 20'000;

// Files that have this number or a higher one are too many. The system gives the lowest number that
// is free: a connection's says how many files are open.
int FirstFileTooMany() {
  constexpr int kUnlimited = 1 << 20;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUnlimited;
  const int most = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, kUnlimited));
  return most - most / 8;
}

void Set(int socket, int level, int option, int value) {
  // What can't be set stays as the system has it.
  static_cast<void>(setsockopt(socket, level, option, &value, sizeof(value)));
}

struct AddressList {
  ~AddressList() {
    if (first != nullptr) freeaddrinfo(first);
  }
  addrinfo* first = nullptr;
};

// The error is errno's.
std::optional<OwnedFile> ListenAt(const addrinfo& at, int port) {
  OwnedFile listener(
      socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, at.ai_protocol));
  if (listener.get() < 0) return std::nullopt;
  Set(listener.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  Set(listener.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // connections have it from there
  Set(listener.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
  if (at.ai_family == AF_INET6) Set(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
  sockaddr_storage address{};
  std::memcpy(&address, at.ai_addr, at.ai_addrlen);
  const in_port_t network_port = htons(static_cast<in_port_t>(port));
  if (at.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&address)->sin6_port = network_port;
  } else {
    reinterpret_cast<sockaddr_in*>(&address)->sin_port = network_port;
  }
  if (bind(listener.get(), reinterpret_cast<sockaddr*>(&address), at.ai_addrlen) != 0 ||
      listen(listener.get(), SOMAXCONN) != 0) {
    return std::nullopt;
  }
  return listener;
}

int PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// The host as the system's resolver knows it. Both kinds of "all addresses" are one socket, where
// there is IPv6.
std::vector<std::string> HostsOf(const std::string& host) {
  if (host == "0.0.0.0") return {"::", "0.0.0.0"};
  const bool bracketed = host.front() == '[' && host.back() == ']';
  return {bracketed ? host.substr(1, host.size() - 2) : host};
}

absl::Status CantListen(const connection::HostPort& address, const std::string& why) {
  return absl::UnavailableError(absl::StrCat("can't listen on ", address.host, ":", address.port,
                                             ": ", why, "; is another process listening there?"));
}

// A socket for each address of the host, all with the same port.
absl::StatusOr<std::vector<OwnedFile>> ListenAtAll(const connection::HostPort& address) {
  int error = EADDRNOTAVAIL;
  for (const std::string& host : HostsOf(address.host)) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE;
    AddressList found;
    const int code = getaddrinfo(host.c_str(), nullptr, &wanted, &found.first);
    if (code != 0) return CantListen(address, gai_strerror(code));
    std::vector<OwnedFile> sockets;
    for (const addrinfo* at = found.first; at != nullptr; at = at->ai_next) {
      const int port = sockets.empty() ? address.port : PortOf(sockets.front().get());
      if (std::optional<OwnedFile> socket = ListenAt(*at, port); socket.has_value()) {
        sockets.push_back(*std::move(socket));
        continue;
      }
      error = errno;
      // One that this machine doesn't have, such as all of IPv6, does no harm.
      if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) {
        return CantListen(address, std::strerror(error));
      }
    }
    if (!sockets.empty()) return sockets;
  }
  return CantListen(address, std::strerror(error));
}

// At once, without the handshake's end that keeps a port busy.
void Reset(int connection) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)));
}

}  // namespace

OwnedFile::OwnedFile(OwnedFile&& other) noexcept : file_(other.Release()) {}

OwnedFile::~OwnedFile() {
  if (file_ >= 0) close(file_);
}

int OwnedFile::Release() { return std::exchange(file_, -1); }

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const connection::HostPort& address,
                                                         logging::Log log,
                                                         absl::Duration (*steady)()) {
  absl::StatusOr<std::vector<OwnedFile>> sockets = ListenAtAll(address);
  if (!sockets.ok()) return sockets.status();
  OwnedFile stop(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stop.get() < 0) return CantListen(address, std::strerror(errno));
  const int port = PortOf(sockets->front().get());
  return std::unique_ptr<Listener>(
      new Listener(*std::move(sockets), std::move(stop), port, std::move(log), steady));
}

Listener::Listener(std::vector<OwnedFile> sockets, OwnedFile stop, int port, logging::Log log,
                   absl::Duration (*steady)())
    : sockets_(std::move(sockets)),
      stop_(std::move(stop)),
      port_(port),
      log_(std::move(log)),
      steady_(steady) {}

void Listener::Start(Take take) {
  take_ = std::move(take);
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    static_cast<void>(write(stop_.get(), &one, sizeof(one)));
    thread_.join();
  }
  sockets_.clear();
}

void Listener::Run() {
  std::vector<pollfd> files = {{stop_.get(), POLLIN, 0}};
  for (const OwnedFile& socket : sockets_) files.push_back({socket.get(), POLLIN, 0});
  while (true) {
    const bool rests = std::exchange(tired_, false);
    const int ready = poll(files.data(), rests ? 1 : files.size(), rests ? kTiredMs : -1);
    if (ready < 0 && errno != EINTR) continue;
    if (files.front().revents != 0) return;
    for (size_t i = 1; i < files.size() && !rests && ready > 0; ++i) {
      if (files[i].revents != 0) AcceptAll(files[i].fd);
    }
  }
}

void Listener::AcceptAll(int socket) {
  while (true) {
    OwnedFile connection(accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (connection.get() < 0) {
      // Whoever has gone meanwhile is no reason to stop; whoever is still there waits.
      if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      tired_ = true;
      return Refused();
    }
    if (connection.get() >= FirstFileTooMany()) {
      Reset(connection.get());
      Refused();
      continue;
    }
    taken_.Add();
    take_(socket, connection.Release());
  }
}

void Listener::Refused() {
  refused_.Add();
  if (!lines_.IsDue(steady_())) return;
  log_.Warning(
      "more connections come than there are files for: the newest are refused",
      {{"refused", absl::StrCat(refused_.value())}, {"files", absl::StrCat(FirstFileTooMany())}});
}

}  // namespace fundgate::gate
