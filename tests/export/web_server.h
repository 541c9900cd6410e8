// A small web server within the test, that keeps what was posted to it.
#ifndef TESTS_EXPORT_WEB_SERVER_H_
#define TESTS_EXPORT_WEB_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fundgate::exporting::testing {

struct Posted {
  std::string path;
  std::string body;
  std::string idempotency_key;
  std::string authorization;
};

// Serves on a free port of the loopback until it is destroyed.
class WebServer {
 public:
  // `answer` says with which status the n-th post (from 1) is answered; by default 200. It runs on
  // a thread of the server and may block.
  explicit WebServer(std::function<int(int n, const Posted&)> answer = nullptr);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::string url(const std::string& path = "/hook") const;

  // So far, those answered with an error too.
  std::vector<Posted> posted() const;
  // Waits until there are so many, and returns them.
  std::vector<Posted> Await(size_t count) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fundgate::exporting::testing

#endif  // TESTS_EXPORT_WEB_SERVER_H_
