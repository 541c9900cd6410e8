// From YAML text to the message of a schema, field by field, with the place of each.
#ifndef SERVER_POLICY_DOCUMENT_H_
#define SERVER_POLICY_DOCUMENT_H_

#include <string_view>

#include "fundgate/policy/v1/document.pb.h"
#include "server/policy/problem.h"

namespace fundgate::policy {

struct ReadDocument {
  v1::Document document;  // as far as it could be read
  Places places;
};

// Reads by the schema alone: a new field or section of the schema needs no change here. All
// problems found are appended. Gives the places of what could be read into the message.
Places ReadYamlMessage(std::string_view text, google::protobuf::Message& message,
                       Problems& problems);

// The same for policies.
ReadDocument ReadPolicyDocument(std::string_view text, Problems& problems);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_DOCUMENT_H_
