#include "server/store/journal_record.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/records.h"

namespace fundgate::store {
namespace {

absl::Status Damaged(Sequence sequence, std::string_view why) {
  return absl::DataLossError(absl::StrCat(
      "journal record ", sequence, ": ", ToAbsl(why),
      ". Keep this directory for the inquiry and restore the newest backup before it"));
}

// What is wrong with a record whose hash doesn't fit.
std::string Misfit(Sequence sequence, std::string_view body) {
  Sequence said = 0;
  Decoder decode(body.substr(1), static_cast<uint8_t>(body.front()));
  decode(said);
  return said == sequence
             ? "its hash does not follow on the record before it: one of the two was changed"
             : absl::StrCat(
                   "its hash does not follow on the record before it, and its bytes say that "
                   "they are record ",
                   said, "'s");
}

}  // namespace

std::string EncodeJournalBody(Sequence sequence, uint32_t logic_version, uint64_t policy_version,
                              const core::Input& input, const core::Answer& answer) {
  std::string body;
  EncodeJournalBodyInto(sequence, logic_version, policy_version, input, answer, body);
  return body;
}

void EncodeJournalBodyInto(Sequence sequence, uint32_t logic_version, uint64_t policy_version,
                           const core::Input& input, const core::Answer& answer,
                           std::string& body) {
  body.assign(1, static_cast<char>(kRecordVersion));
  Encoder encode(body);
  encode(sequence, logic_version, policy_version, input, answer);
}

std::string JournalValue(const Hash& hash, std::string_view body) {
  std::string value(AsBytes(hash));
  value.append(body);
  return value;
}

absl::StatusOr<Hash> HashOfJournalValue(Sequence sequence, std::string_view value) {
  if (value.size() <= kHashBytes) return Damaged(sequence, "it is cut short");
  Hash hash{};
  std::copy_n(value.begin(), kHashBytes, hash.begin());
  return hash;
}

absl::StatusOr<JournalEntry> DecodeJournalValue(Sequence sequence, std::string_view value,
                                                const Hash& previous, HashChain& chain) {
  FUNDGATE_ASSIGN_OR_RETURN(const Hash stored, HashOfJournalValue(sequence, value));
  const std::string_view body = value.substr(kHashBytes);
  if (chain.Next(previous, body) != stored) {
    return Damaged(sequence, Misfit(sequence, body));
  }
  JournalEntry entry;
  Decoder decode(body.substr(1), static_cast<uint8_t>(body.front()));
  decode(entry.sequence, entry.logic_version, entry.policy_version, entry.input, entry.answer);
  if (static_cast<uint8_t>(body.front()) > kRecordVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat("journal record ", sequence, " was written by a newer version"));
  }
  if (!decode.complete()) return Damaged(sequence, "it can't be read");
  if (entry.sequence != sequence) return Damaged(sequence, "it says that it is another one");
  entry.previous_hash = std::string(AsBytes(previous));
  entry.hash = std::string(AsBytes(stored));
  return entry;
}

}  // namespace fundgate::store
