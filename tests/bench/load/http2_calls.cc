#include "tests/bench/load/http2_calls.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"

namespace fundgate::bench {
namespace {

// A message of gRPC over HTTP/2: a byte that says whether it is compressed, its length, itself.
constexpr size_t kPrefix = 5;
constexpr int32_t kWindow = 1 << 24;  // answers are small: never wait for a window
constexpr size_t kReadAtOnce = 1 << 16;
constexpr size_t kWriteAtOnce = 1 << 18;

absl::Status Broken(std::string_view what, std::string_view why) {
  return absl::UnavailableError(absl::StrCat(std::string(what), ": ", std::string(why)));
}

absl::Status OfHttp2(std::string_view what, int code) {
  return Broken(what, nghttp2_strerror(code));
}

absl::StatusOr<int> ConnectTo(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is no HOST:PORT"));
  }
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string host = address.substr(0, colon);
  if (const int error = getaddrinfo(host.c_str(), address.c_str() + colon + 1, &wanted, &found);
      error != 0) {
    return Broken(address, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, &freeaddrinfo);
  const int connection = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connection < 0) return Broken(address, std::strerror(errno));
  if (connect(connection, found->ai_addr, found->ai_addrlen) != 0) {
    const absl::Status status = Broken(address, std::strerror(errno));
    close(connection);
    return status;
  }
  const int yes = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return connection;
}

// The library copies neither: both live until the call is submitted.
nghttp2_nv Header(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// What the library calls.
struct Http2Callbacks {
  // Nothing for streams that are none of a call.
  static Http2Calls::Stream* StreamOf(void* calls, int32_t id) {
    auto& streams = static_cast<Http2Calls*>(calls)->streams_;
    const auto found = streams.find(id);
    return found == streams.end() ? nullptr : found->second.get();
  }

  static ssize_t ReadRequest(nghttp2_session* /*session*/, int32_t /*id*/, uint8_t* into,
                             size_t room, uint32_t* flags, nghttp2_data_source* source,
                             void* /*calls*/) {
    auto& stream = *static_cast<Http2Calls::Stream*>(source->ptr);
    const size_t length = std::min(room, stream.request.size() - stream.read);
    std::copy_n(stream.request.data() + stream.read, length, into);
    stream.read += length;
    if (stream.read == stream.request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(length);
  }

  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_length, const uint8_t* value, size_t value_length,
                      uint8_t /*flags*/, void* calls) {
    Http2Calls::Stream* stream = StreamOf(calls, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    const std::string_view of(reinterpret_cast<const char*>(name), name_length);
    const std::string text(reinterpret_cast<const char*>(value), value_length);
    int status = 0;
    if (of == "grpc-status" && absl::SimpleAtoi(text, &status)) stream->reply.grpc_status = status;
    if (of == "grpc-message") stream->reply.error = text;
    return 0;
  }

  static int OnData(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t id,
                    const uint8_t* data, size_t length, void* calls) {
    Http2Calls::Stream* stream = StreamOf(calls, id);
    if (stream != nullptr) stream->body.append(reinterpret_cast<const char*>(data), length);
    return 0;
  }

  static int OnClose(nghttp2_session* /*session*/, int32_t id, uint32_t /*code*/, void* calls) {
    static_cast<Http2Calls*>(calls)->End(id);
    return 0;
  }
};

absl::StatusOr<std::unique_ptr<Http2Calls>> Http2Calls::Connect(const std::string& address,
                                                                const std::string& path,
                                                                OnReply on_reply) {
  FUNDGATE_ASSIGN_OR_RETURN(const int connection, ConnectTo(address));
  std::unique_ptr<Http2Calls> calls(new Http2Calls(connection, address, path, std::move(on_reply)));
  FUNDGATE_RETURN_IF_ERROR(calls->Begin());
  return calls;
}

Http2Calls::Http2Calls(int socket, std::string authority, std::string path, OnReply on_reply)
    : socket_(socket),
      authority_(std::move(authority)),
      path_(std::move(path)),
      on_reply_(std::move(on_reply)) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Http2Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Http2Callbacks::OnData);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Http2Callbacks::OnClose);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
}

Http2Calls::~Http2Calls() {
  nghttp2_session_del(session_);
  close(socket_);
}

absl::Status Http2Calls::Begin() {
  const std::array<nghttp2_settings_entry, 2> settings = {{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<uint32_t>(kWindow)},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  }};
  if (const int error =
          nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
      error != 0) {
    return OfHttp2("settings", error);
  }
  if (const int error =
          nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
      error != 0) {
    return OfHttp2("window", error);
  }
  return Send();
}

absl::Status Http2Calls::Ask(uint64_t tag, const std::string& request,
                             std::chrono::milliseconds timeout) {
  auto stream = std::make_unique<Stream>();
  stream->tag = tag;
  stream->request.assign(kPrefix, '\0');
  const uint32_t length = htonl(static_cast<uint32_t>(request.size()));
  std::memcpy(stream->request.data() + 1, &length, sizeof(length));
  stream->request += request;
  const std::string wait = absl::StrCat(timeout.count(), "m");
  const std::array<nghttp2_nv, 8> headers = {
      Header(":method", "POST"),
      Header(":scheme", "http"),
      Header(":path", path_),
      Header(":authority", authority_),
      Header("te", "trailers"),
      Header("content-type", "application/grpc"),
      Header("user-agent", "fundgate-load"),
      Header("grpc-timeout", wait),
  };
  nghttp2_data_provider body{};
  body.source.ptr = stream.get();
  body.read_callback = &Http2Callbacks::ReadRequest;
  const int32_t id =
      nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &body, nullptr);
  if (id < 0) return OfHttp2("a call", id);
  streams_.emplace(id, std::move(stream));
  return absl::OkStatus();
}

absl::Status Http2Calls::Send() {
  while (true) {
    if (sent_ == unsent_.size()) {
      unsent_.clear();
      sent_ = 0;
      while (unsent_.size() < kWriteAtOnce) {
        const uint8_t* bytes = nullptr;
        const ssize_t length = nghttp2_session_mem_send(session_, &bytes);
        if (length < 0) return OfHttp2("sending", static_cast<int>(length));
        if (length == 0) break;
        unsent_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
      }
      if (unsent_.empty()) return absl::OkStatus();
    }
    const ssize_t written =
        send(socket_, unsent_.data() + sent_, unsent_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (written < 0) {
      if (errno == EAGAIN || errno == EINTR) return absl::OkStatus();
      return Broken("sending", std::strerror(errno));
    }
    sent_ += static_cast<size_t>(written);
  }
}

absl::Status Http2Calls::Receive() {
  std::array<uint8_t, kReadAtOnce> bytes;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (true) {
    const ssize_t length = recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (length == 0) return Broken("receiving", "the server closed the connection");
    if (length < 0) {
      if (errno == EAGAIN || errno == EINTR) return absl::OkStatus();
      return Broken("receiving", std::strerror(errno));
    }
    const ssize_t taken =
        nghttp2_session_mem_recv(session_, bytes.data(), static_cast<size_t>(length));
    if (taken < 0) return OfHttp2("receiving", static_cast<int>(taken));
  }
}

void Http2Calls::End(int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  const std::unique_ptr<Stream> stream = std::move(found->second);
  streams_.erase(found);
  if (stream->body.size() > kPrefix) stream->reply.message = stream->body.substr(kPrefix);
  on_reply_(stream->tag, stream->reply);
}

}  // namespace fundgate::bench
