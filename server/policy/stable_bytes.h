// Bytes that stand for what a message says.
#ifndef SERVER_POLICY_STABLE_BYTES_H_
#define SERVER_POLICY_STABLE_BYTES_H_

#include <string>

#include "google/protobuf/message.h"

namespace fundgate::policy {

// The same bytes for the same message, in whatever order its maps were read: to be hashed.
std::string StableBytes(const google::protobuf::Message& message);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_STABLE_BYTES_H_
