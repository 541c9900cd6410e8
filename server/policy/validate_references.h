// What entries of several sections refer to: names, keys, events, conditions on them.
#ifndef SERVER_POLICY_VALIDATE_REFERENCES_H_
#define SERVER_POLICY_VALIDATE_REFERENCES_H_

#include <string>
#include <vector>

#include "server/policy/validate_parts.h"

namespace fundgate::policy {

// The name of an entry that expressions read. False with a problem.
bool CheckReadName(const Validation& v, const std::string& path, const std::string& name);

// One of `words`, or a declared attribute, attributes.NAME. Empty is fine.
void CheckKey(const Validation& v, const std::string& place, const std::string& key,
              const std::vector<std::string>& words);

// The event that the text names, if it is one that a source reports; else empty, with a problem.
std::string EventAt(const Validation& v, const std::string& path, const std::string& text,
                    bool fact_only);

// Whether the event says whose it is.
bool HasAccount(const v1::Document& document, const std::string& event);

// A condition on the event. Empty is fine, both of the event and of the text.
void CheckCondition(const Validation& v, const std::string& path, const std::string& event,
                    const std::string& text);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_VALIDATE_REFERENCES_H_
