// What auditors read: journal records, books and violations, from the core and the store to the
// contract.
#ifndef SERVER_GATE_CONVERT_AUDIT_H_
#define SERVER_GATE_CONVERT_AUDIT_H_

#include <optional>
#include <string>

#include "fundgate/v1/audit.pb.h"
#include "fundgate/v1/policies.pb.h"
#include "fundgate/v1/violation.pb.h"
#include "server/core/policy.h"
#include "server/core/records.h"
#include "server/core/state.h"
#include "server/gate/problems.h"
#include "server/store/view.h"

namespace fundgate::gate {

// ---- To the core ----

// The book that a request names, by the key's names that the policy declares. Nothing, with
// problems, where they don't fit; nothing without a problem where the policy knows no such book.
std::optional<core::BookId> ToBookId(const v1::GetBookRequest& request, const core::Policy& policy,
                                     Problems& problems);

// ---- To the contract ----

v1::Trace ToTrace(const store::JournalEntry& entry);

// Of a journal that was cut.
v1::JournalCut ToProto(const store::JournalCut& cut);

v1::Book ToProto(const core::BookId& id, const core::Book& book,
                 const core::BookDefinition& definition);

// Marks the book unproven, with a sentence, if something that it is made of could not be read.
void MarkUnproven(const core::BookId& id, const core::Resident& resident, v1::Book& proto);

// With its own review, or with that of its group if that came further.
v1::Violation ToProto(const core::Violation& violation, const core::Group* group = nullptr);
v1::ViolationKind ToProto(core::ViolationKind kind);

// Without the document.
v1::PolicyVersion ToProto(const core::PolicyRecord& record);
std::string Sha256(const std::string& text);  // 32 bytes

}  // namespace fundgate::gate

#endif  // SERVER_GATE_CONVERT_AUDIT_H_
