// Debian's prometheus-alertmanager, for tests.
#ifndef TESTS_END_TO_END_ALERTMANAGER_H_
#define TESTS_END_TO_END_ALERTMANAGER_H_

#include <memory>
#include <string>

#include "google/protobuf/struct.pb.h"
#include "tests/end_to_end/processes.h"

namespace fundgate::end_to_end {

// One that is told where it will listen before it runs.
class Alertmanager {
 public:
  Alertmanager();

  std::string url() const;

  // Returns once it answers. Fails the test if it isn't installed.
  void Start();
  void Kill();

  // The alerts that are active now, as its API gives them, with "labels" and "annotations".
  google::protobuf::ListValue Alerts() const;

  // Asks until it has that many, and returns them; fails the test after a minute.
  google::protobuf::ListValue Await(int count) const;

 private:
  const int port_;
  const TemporaryFolder folder_;
  std::unique_ptr<Process> process_;
};

}  // namespace fundgate::end_to_end

#endif  // TESTS_END_TO_END_ALERTMANAGER_H_
