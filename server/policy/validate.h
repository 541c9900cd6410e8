// Whether what a document says makes sense. Needs no core: sidecars validate what they map by.
#ifndef SERVER_POLICY_VALIDATE_H_
#define SERVER_POLICY_VALIDATE_H_

#include "fundgate/policy/v1/document.pb.h"
#include "server/policy/problem.h"

namespace fundgate::policy {

// Appends all problems: references, relations between durations, declared answers, expressions.
// A document without problems compiles. Fields that are missing though required are skipped, as the
// reader has reported them.
void Validate(const v1::Document& document, const Places& places, Problems& problems);

// Appends what is asked of new documents besides. Documents were in force before it was asked: one
// that breaks it compiles all the same, and is safe in force, though it doesn't do all that it
// says. So nobody who only reads what is in force asks for it.
void ValidateAsNew(const v1::Document& document, const Places& places, Problems& problems);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_VALIDATE_H_
