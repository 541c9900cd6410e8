// TCP connections of clients that behave badly, and HTTP/2 as bytes.
#ifndef TESTS_END_TO_END_RAW_CONNECTION_H_
#define TESTS_END_TO_END_RAW_CONNECTION_H_

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace fundgate::end_to_end {

// It says and reads nothing by itself. Fails the test if nobody listens there.
class RawConnection {
 public:
  // With so small a buffer of the kernel's for what comes, if one is given.
  explicit RawConnection(const std::string& address, int receive_bytes = 0);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  void Send(const std::string& bytes) const;
  // Whether it was ended by the other side already.
  bool HasEnded() const;
  // Waits until so many bytes have come and lie unread.
  void AwaitUnread(int bytes) const;
  // Reads until this was among it; false if the other side ends it before.
  bool ReadUntil(const std::string& text) const;
  // Reads until the other side ends it.
  void AwaitEnd() const;

 private:
  const int socket_;
};

// How many sockets the process has open.
int OpenSockets(pid_t process);

// The beginning of each HTTP/2 connection; the server may send without bounds.
std::string Http2Preface();

enum class Http2Frame : uint8_t { kData = 0, kHeaders = 1, kSettings = 4, kWindowUpdate = 8 };
inline constexpr uint8_t kEndStream = 0x1;
inline constexpr uint8_t kEndHeaders = 0x4;

// RFC 9113, 4.1.
std::string ToBytes(Http2Frame type, uint8_t flags, uint32_t stream, const std::string& payload);

// The HEADERS of a gRPC call, as "Gate/Check", on stream 1.
std::string CallHeaders(const std::string& rpc);

// A message as gRPC puts it before its bytes.
std::string WithPrefix(const std::string& message);

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_RAW_CONNECTION_H_
