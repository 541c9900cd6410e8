// The log under the sidecar's own names.
#ifndef SERVER_SIDECAR_LOG_H_
#define SERVER_SIDECAR_LOG_H_

#include "server/log/log.h"

namespace fundgate::sidecar {

using logging::Log;
using logging::Severity;

}  // namespace fundgate::sidecar

#endif  // SERVER_SIDECAR_LOG_H_
