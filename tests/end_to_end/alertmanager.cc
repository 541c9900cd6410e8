#include "tests/end_to_end/alertmanager.h"

#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"

namespace fundgate::end_to_end {
namespace {

constexpr char kProgram[] = "/usr/bin/prometheus-alertmanager";

// A port that was free a moment ago.
int FreePort() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(listener);
  return ntohs(address.sin_port);
}

absl::Time Deadline() { return absl::Now() + absl::Minutes(1); }

}  // namespace

Alertmanager::Alertmanager() : port_(FreePort()) {}

std::string Alertmanager::url() const { return absl::StrCat("http://127.0.0.1:", port_); }

void Alertmanager::Start() {
  if (!std::filesystem::exists(kProgram)) {
    FAIL() << kProgram << " is not installed: run tools/install";
  }
  const std::string config = folder_.path() + "/config.yml";
  std::ofstream(config) << "route: {receiver: nobody, group_by: [alertname]}\n"
                           "receivers: [{name: nobody}]\n";
  process_ = std::make_unique<Process>(std::vector<std::string>{
      kProgram, "--config.file=" + config, "--storage.path=" + folder_.path() + "/data",
      absl::StrCat("--web.listen-address=127.0.0.1:", port_),
      "--cluster.listen-address=", "--log.level=error"});
  httplib::Client client(url());
  for (const absl::Time deadline = Deadline(); absl::Now() < deadline;) {
    const auto answer = client.Get("/-/ready");
    if (answer && answer->status == 200) return;
  }
  FAIL() << "the Alertmanager doesn't answer";
}

void Alertmanager::Kill() { process_.reset(); }

google::protobuf::ListValue Alertmanager::Alerts() const {
  google::protobuf::ListValue alerts;
  httplib::Client client(url());
  const auto answer = client.Get("/api/v2/alerts?active=true");
  if (answer) {
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(answer->body, &alerts).ok())
        << answer->body;
  }
  return alerts;
}

google::protobuf::ListValue Alertmanager::Await(int count) const {
  google::protobuf::ListValue alerts = Alerts();
  for (const absl::Time deadline = Deadline();
       alerts.values_size() != count && absl::Now() < deadline;) {
    alerts = Alerts();
  }
  EXPECT_EQ(alerts.values_size(), count);
  return alerts;
}

}  // namespace fundgate::end_to_end
