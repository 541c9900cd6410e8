// One record of the journal as bytes.
#ifndef SERVER_STORE_JOURNAL_RECORD_H_
#define SERVER_STORE_JOURNAL_RECORD_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "server/store/hash_chain.h"
#include "server/store/view.h"

namespace fundgate::store {

// The bytes that are hashed: everything of the entry but the two hashes.
std::string EncodeJournalBody(Sequence sequence, uint32_t logic_version, uint64_t policy_version,
                              const core::Input& input, const core::Answer& answer);

// The same into a string that is used again, instead of what it held.
void EncodeJournalBodyInto(Sequence sequence, uint32_t logic_version, uint64_t policy_version,
                           const core::Input& input, const core::Answer& answer, std::string& body);

// What is stored: the record's hash, then its body.
std::string JournalValue(const Hash& hash, std::string_view body);

// Decodes a stored value and checks that its hash follows on `previous`. DATA_LOSS naming
// `sequence` otherwise.
absl::StatusOr<JournalEntry> DecodeJournalValue(Sequence sequence, std::string_view value,
                                                const Hash& previous, HashChain& chain);

// The hash in a stored value, whatever its body. DATA_LOSS if there is none.
absl::StatusOr<Hash> HashOfJournalValue(Sequence sequence, std::string_view value);

}  // namespace fundgate::store

#endif  // SERVER_STORE_JOURNAL_RECORD_H_
