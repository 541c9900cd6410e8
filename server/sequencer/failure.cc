#include "server/sequencer/failure.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace fundgate::sequencer {

absl::Status FailureFor(const absl::Status& cause) {
  const std::string message = absl::StrCat("the gate can't record decisions: nothing happened, ",
                                           "ask again later. The cause: ", cause.ToString());
  return absl::IsResourceExhausted(cause) ? absl::ResourceExhaustedError(message)
                                          : absl::UnavailableError(message);
}

}  // namespace fundgate::sequencer
