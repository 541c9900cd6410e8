// Takes connections, as many as there are files for, and hands them on.
#ifndef SERVER_GATE_LISTENER_H_
#define SERVER_GATE_LISTENER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connection/host_port.h"
#include "server/gate/rarely.h"
#include "server/log/log.h"
#include "server/metrics/counter.h"

namespace fundgate::gate {

// A file that it closes.
class OwnedFile {
 public:
  explicit OwnedFile(int file) : file_(file) {}
  OwnedFile(OwnedFile&& other) noexcept;
  OwnedFile& operator=(OwnedFile&&) = delete;
  ~OwnedFile();

  int get() const { return file_; }
  int Release();  // closes it no more

 private:
  int file_;  // negative: none
};

// gRPC's own listener stops listening for good once the process has no file left for a connection:
// a flood of them would make a gate deaf until it is started again. This one keeps an eighth of the
// process's files (RLIMIT_NOFILE) for other uses, closes at once what comes beyond that, and
// listens on whatever happens.
class Listener {
 public:
  // Gets a connection, which it owns from then on, and the socket that it came by. Called on the
  // listener's thread.
  using Take = std::function<void(int listener, int connection)>;

  // Listens at all addresses of the host; 0.0.0.0 and [::] are those of both kinds. Who connects
  // waits until Start. UNAVAILABLE if it can't.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const connection::HostPort& address,
                                                        logging::Log log,
                                                        absl::Duration (*steady)());
  ~Listener() { Stop(); }

  int port() const { return port_; }

  void Start(Take take);
  // Listens no more. Connections that it has taken go on.
  void Stop();

  // Any thread.
  uint64_t taken() const { return taken_.value(); }
  uint64_t refused() const { return refused_.value(); }

 private:
  Listener(std::vector<OwnedFile> sockets, OwnedFile stop, int port, logging::Log log,
           absl::Duration (*steady)());

  void Run();
  void AcceptAll(int socket);
  void Refused();

  std::vector<OwnedFile> sockets_;
  const OwnedFile stop_;  // an eventfd: readable when it is to end
  const int port_;
  const logging::Log log_;
  absl::Duration (*const steady_)();
  Take take_;
  metrics::Counter taken_;
  metrics::Counter refused_;
  Rarely lines_;
  bool tired_ = false;  // there was no file at all: it lets some time pass
  std::thread thread_;
};

}  // namespace fundgate::gate

#endif  // SERVER_GATE_LISTENER_H_
