#include "server/gate/admission.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "connection/trace_context.h"
#include "fundgate/types/status_macros.h"
#include "server/core/preflight.h"
#include "server/gate/convert_check.h"
#include "server/gate/convert_decision.h"
#include "server/gate/convert_values.h"

namespace fundgate::gate {
namespace {

// The present record of a key. Nothing too where it can't be read: what it would add to an answer
// is not worth failing the answer.
std::optional<core::KeyRecord> RecordOf(const store::View& view, const core::KeyId& key) {
  absl::StatusOr<std::optional<core::KeyRecord>> record = view.Find<core::Keys>(key);
  return record.ok() ? *std::move(record) : std::nullopt;
}

// The reservation of an ALLOW as it is made, from what asked for it.
void FillFresh(const core::Decision& allow, const v1::CheckRequest& request,
               v1::Reservation& reservation) {
  FillReservation(allow, reservation);
  if (!request.order_id().empty()) reservation.add_order_ids(request.order_id());
  for (const v1::Line& line : request.lines()) reservation.add_order_ids(line.order_id());
}

}  // namespace

std::optional<core::CheckInput> Admit(const core::Policy& policy, const v1::CheckRequest& request,
                                      const std::string& prefix, Problems& problems) {
  Problems own;
  ConvertedCheck check = ToCheck(request, own);
  if (own.empty()) ValidateUnderPolicy(policy, check, own);
  if (own.empty()) return std::move(check.input);
  for (const core::FieldProblem& problem : own.found()) {
    problems.Add(prefix + problem.field, problem.message);
  }
  return std::nullopt;
}

void KeepTrace(const grpc::ServerContextBase& context, core::CheckInput& check) {
  constexpr size_t kMaxLength = 256;  // of later versions of the standard, too
  const auto header = context.client_metadata().find(connection::kTraceparent);
  if (header == context.client_metadata().end()) return;
  const std::string text(header->second.data(), header->second.length());
  const bool is_plain = std::all_of(text.begin(), text.end(), [](unsigned char byte) {
    return absl::ascii_isalnum(byte) || byte == '-';
  });
  if (text.empty() || text.size() > kMaxLength || !is_plain) return;
  if (check.attributes.size() < core::kMaxAttributes) {
    check.attributes.try_emplace(connection::kTraceparent, text);
  }
}

void Answer(const store::Store& store, const v1::CheckRequest& request,
            const core::Decision& decision, v1::Decision& answer) {
  Fill(decision, answer);
  answer.set_request_id(request.request_id());
  if (decision.verdict == core::Verdict::kAllow) {
    FillFresh(decision, request, *answer.mutable_reservation());
  } else if (!answer.first_decision_id().empty()) {
    const std::optional<core::KeyRecord> record = RecordOf(*store.view(), decision.key);
    const std::optional<v1::Reservation> standing =
        record.has_value() ? ReservationOf(decision.key, *record) : std::nullopt;
    if (standing.has_value()) *answer.mutable_reservation() = *standing;
  }
}

v1::Reservation Answer(const store::Store& store, const core::ReservationAnswer& answer) {
  const std::optional<core::KeyRecord> record = RecordOf(*store.view(), answer.key);
  return ToProto(answer, record.has_value() ? &*record : nullptr);
}

absl::StatusOr<v1::Decision> FindDecision(const store::View& view, const std::string& decision_id) {
  const absl::Status unknown =
      absl::NotFoundError(absl::StrCat("there is no decision ", decision_id));
  const std::optional<Sequence> sequence = core::SequenceOfDecision(decision_id);
  if (!sequence.has_value()) return unknown;
  absl::StatusOr<store::JournalEntry> entry = view.GetJournalEntry(*sequence);
  if (absl::IsNotFound(entry.status())) return unknown;
  if (!entry.ok()) return entry.status();
  const auto* decision = std::get_if<core::Decision>(&entry->answer);
  if (decision == nullptr || decision->id != decision_id) return unknown;

  v1::Decision found = ToProto(*decision);
  const std::optional<core::KeyRecord> record = RecordOf(view, decision->key);
  const std::optional<v1::Reservation> reservation =
      record.has_value() ? ReservationOf(decision->key, *record, decision_id) : std::nullopt;
  if (reservation.has_value()) *found.mutable_reservation() = *reservation;
  return found;
}

absl::StatusOr<v1::Decision> FindDecision(const store::View& view, const AccountId& account,
                                          const core::KeyId& key) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::optional<core::KeyRecord> record,
                            view.Find<core::Keys>(key));
  if (!record.has_value() || !record->decision.has_value() ||
      record->decision->account != account) {
    return absl::NotFoundError(absl::StrCat("no ", key.kind.value(), " of account ",
                                            account.value(), " was decided under the key \"",
                                            key.key.value(), "\""));
  }
  v1::Decision found = ToProto(*record->decision);
  const std::optional<v1::Reservation> reservation = ReservationOf(key, *record);
  if (reservation.has_value()) *found.mutable_reservation() = *reservation;
  return found;
}

}  // namespace fundgate::gate
