// Unary gRPC calls over one plaintext HTTP/2 connection, made at a fraction of what a gRPC client
// takes: for loads that share the machine with what they load.
#ifndef TESTS_BENCH_LOAD_HTTP2_CALLS_H_
#define TESTS_BENCH_LOAD_HTTP2_CALLS_H_

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace fundgate::bench {

// How a call ended.
struct Http2Reply {
  static constexpr int kNone = -1;
  int grpc_status = kNone;  // as google.rpc.Code; kNone: the stream ended without one
  std::string message;      // of the response, serialized; empty if there is none
  std::string error;        // grpc-message as it came, percent-encoded; empty if there is none
};

// For one thread. A call that the connection has no room for waits here until it has.
class Http2Calls {
 public:
  // Called by Receive, once for each call that ends before the connection does.
  using OnReply = std::function<void(uint64_t tag, const Http2Reply& reply)>;

  // `address`: host:port, `path`: "/package.Service/Method". UNAVAILABLE if nobody listens there.
  static absl::StatusOr<std::unique_ptr<Http2Calls>> Connect(const std::string& address,
                                                             const std::string& path,
                                                             OnReply on_reply);
  ~Http2Calls();
  Http2Calls(const Http2Calls&) = delete;
  Http2Calls& operator=(const Http2Calls&) = delete;

  // Notes a call, which Send sends. The server is told to give up after `timeout`.
  absl::Status Ask(uint64_t tag, const std::string& request, std::chrono::milliseconds timeout);

  // Sends what the socket takes. UNAVAILABLE once the connection is broken, as from Receive.
  absl::Status Send();

  // Takes what has come, without waiting.
  absl::Status Receive();

  // To wait for: something to read, and room to write where has_unsent().
  int socket() const { return socket_; }
  bool has_unsent() const { return sent_ < unsent_.size(); }

 private:
  struct Stream {
    uint64_t tag = 0;
    std::string request;  // with the prefix of gRPC
    size_t read = 0;      // of the request
    Http2Reply reply;
    std::string body;
  };
  friend struct Http2Callbacks;

  Http2Calls(int socket, std::string authority, std::string path, OnReply on_reply);
  absl::Status Begin();
  void End(int32_t id);

  const int socket_;
  const std::string authority_;
  const std::string path_;
  const OnReply on_reply_;
  absl::flat_hash_map<int32_t, std::unique_ptr<Stream>> streams_;
  nghttp2_session* session_ = nullptr;
  std::string unsent_;
  size_t sent_ = 0;  // of unsent_
};

}  // namespace fundgate::bench

#endif  // TESTS_BENCH_LOAD_HTTP2_CALLS_H_
