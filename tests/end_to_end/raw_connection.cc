#include "tests/end_to_end/raw_connection.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fundgate::end_to_end {
namespace {

// The largest that there is: RFC 9113, 6.9.1.
constexpr uint32_t kWindowMax = 0x7fffffff;
constexpr uint32_t kFirstWindow = 65'535;
constexpr char kInitialWindowSize = 4;

std::string BigEndian(uint32_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>((number >> shift) & 0xff));
  }
  return text;
}

// A header that is neither indexed nor compressed: RFC 7541, 6.2.2.
std::string Literal(const std::string& name, const std::string& value) {
  return absl::StrCat(std::string(1, '\0'), BigEndian(static_cast<uint32_t>(name.size()), 1), name,
                      BigEndian(static_cast<uint32_t>(value.size()), 1), value);
}

}  // namespace

RawConnection::RawConnection(const std::string& address, int receive_bytes)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  int port = 0;
  EXPECT_TRUE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  if (receive_bytes > 0) {
    EXPECT_EQ(setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes)), 0);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<in_port_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
}

RawConnection::~RawConnection() { close(socket_); }

void RawConnection::Send(const std::string& bytes) const {
  EXPECT_EQ(send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

bool RawConnection::HasEnded() const {
  pollfd file{socket_, POLLRDHUP, 0};
  return poll(&file, 1, 0) == 1;
}

void RawConnection::AwaitUnread(int bytes) const {
  for (int unread = 0; unread < bytes;) {
    ASSERT_EQ(ioctl(socket_, FIONREAD, &unread), 0);
    std::this_thread::yield();
  }
}

bool RawConnection::ReadUntil(const std::string& text) const {
  std::string all;
  while (!absl::StrContains(all, text)) {
    char bytes[1024];
    const ssize_t got = read(socket_, bytes, sizeof(bytes));
    if (got == 0 || (got < 0 && errno != EINTR)) return false;
    if (got > 0) all.append(bytes, static_cast<size_t>(got));
  }
  return true;
}

void RawConnection::AwaitEnd() const {
  char bytes[1024];
  ssize_t got = 1;
  while (got > 0 || (got < 0 && errno == EINTR)) got = read(socket_, bytes, sizeof(bytes));
}

int OpenSockets(pid_t process) {
  int sockets = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(absl::StrCat("/proc/", process, "/fd"))) {
    std::error_code gone;  // it may have been closed meanwhile
    const std::string target = std::filesystem::read_symlink(file.path(), gone).string();
    if (absl::StartsWith(target, "socket:")) ++sockets;
  }
  return sockets;
}

std::string Http2Preface() {
  return absl::StrCat(
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      ToBytes(Http2Frame::kSettings, 0, 0,
              absl::StrCat(std::string(1, '\0'), std::string(1, kInitialWindowSize),
                           BigEndian(kWindowMax, 4))),
      ToBytes(Http2Frame::kWindowUpdate, 0, 0, BigEndian(kWindowMax - kFirstWindow, 4)));
}

std::string ToBytes(Http2Frame type, uint8_t flags, uint32_t stream, const std::string& payload) {
  return absl::StrCat(BigEndian(static_cast<uint32_t>(payload.size()), 3),
                      BigEndian(static_cast<uint32_t>(type), 1), BigEndian(flags, 1),
                      BigEndian(stream, 4), payload);
}

std::string CallHeaders(const std::string& rpc) {
  std::string block;
  for (const auto& [name, value] : {std::pair<std::string, std::string>(":method", "POST"),
                                    {":scheme", "http"},
                                    {":path", "/fundgate.v1." + rpc},
                                    {":authority", "localhost"},
                                    {"te", "trailers"},
                                    {"content-type", "application/grpc"}}) {
    block += Literal(name, value);
  }
  return ToBytes(Http2Frame::kHeaders, kEndHeaders, 1, block);
}

std::string WithPrefix(const std::string& message) {
  return absl::StrCat(std::string(1, '\0'), BigEndian(static_cast<uint32_t>(message.size()), 4),
                      message);
}

}  // namespace fundgate::end_to_end
