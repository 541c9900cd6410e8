#include "tests/export/web_server.h"

#include <httplib.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

namespace fundgate::exporting::testing {

struct WebServer::Impl {
  httplib::Server server;
  std::function<int(int, const Posted&)> answer;
  int port = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Posted> posted;
  std::thread thread;

  void Take(const httplib::Request& request, httplib::Response& response) {
    Posted post{request.path, request.body, request.get_header_value("Idempotency-Key"),
                request.get_header_value("Authorization")};
    int number = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      posted.push_back(post);
      number = static_cast<int>(posted.size());
    }
    changed.notify_all();
    response.status = answer ? answer(number, post) : 200;
    response.set_content("answer of the test", "text/plain");
  }
};

WebServer::WebServer(std::function<int(int n, const Posted&)> answer)
    : impl_(std::make_unique<Impl>()) {
  impl_->answer = std::move(answer);
  impl_->server.Post(".*", [this](const httplib::Request& request, httplib::Response& response) {
    impl_->Take(request, response);
  });
  impl_->port = impl_->server.bind_to_any_port("127.0.0.1");
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
  // A stop before it runs would be forgotten.
  while (!impl_->server.is_running()) std::this_thread::yield();
}

WebServer::~WebServer() {
  impl_->server.stop();
  impl_->thread.join();
}

std::string WebServer::url(const std::string& path) const {
  return absl::StrCat("http://127.0.0.1:", impl_->port, path);
}

std::vector<Posted> WebServer::posted() const {
  const std::lock_guard<std::mutex> lock(impl_->mutex);
  return impl_->posted;
}

std::vector<Posted> WebServer::Await(size_t count) const {
  std::unique_lock<std::mutex> lock(impl_->mutex);
  impl_->changed.wait(lock, [&] { return impl_->posted.size() >= count; });
  return impl_->posted;
}

}  // namespace fundgate::exporting::testing
