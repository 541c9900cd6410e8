#include "client/fundctl/output.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "fundgate/types/money.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {

void PrintJson(Context& context, const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(message, &json, options);
  if (status.ok()) {
    context.out << json << "\n" << std::flush;
  } else {
    context.err << "fundctl: the answer can't be written as JSON: " << status.ToString() << "\n";
  }
}

namespace {

constexpr char kEscape = '\x1b';

const char* CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kWarning:
      return "\x1b[33m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kTitle:
      return "\x1b[1m";
  }
  return "";
}

// How many columns a cell takes: colours take none.
size_t WidthOf(const std::string& cell) {
  size_t width = 0;
  bool in_escape = false;
  for (const char byte : cell) {
    if (byte == kEscape) in_escape = true;
    if (!in_escape) ++width;
    if (in_escape && byte == 'm') in_escape = false;
  }
  return width;
}

}  // namespace

std::string Painted(const Context& context, Tone tone, const std::string& text) {
  return context.colour ? absl::StrCat(CodeOf(tone), text, "\x1b[0m") : text;
}

std::string Painted(const Context& context, v1::Verdict verdict) {
  const std::string word = WithoutPrefix(v1::Verdict_Name(verdict), "VERDICT_");
  switch (verdict) {
    case v1::VERDICT_ALLOW:
      return Painted(context, Tone::kGood, word);
    case v1::VERDICT_BLOCK:
      return Painted(context, Tone::kBad, word);
    default:
      return Painted(context, Tone::kWarning, word);
  }
}

std::string TableText(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      absl::StrAppend(&text, row[i],
                      is_last ? "" : std::string(widths[i] - WidthOf(row[i]) + 2, ' '));
    }
    text.push_back('\n');
  }
  return text;
}

void PrintTable(Context& context, const std::vector<std::vector<std::string>>& rows) {
  context.out << TableText(rows) << std::flush;
}

void PrintPairs(Context& context, const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : pairs) {
    if (!value.empty()) rows.push_back({name, value});
  }
  PrintTable(context, rows);
}

std::string TextOf(const v1::Money& money) {
  const absl::StatusOr<Currency> currency = Currency::FromCode(money.currency_code());
  if (!currency.ok()) return "";
  return Money{*currency, money.minor_units()}.ToString();
}

std::string TextOf(const google::protobuf::Timestamp& time) {
  constexpr int64_t kNanosOfMillisecond = 1'000'000;
  google::protobuf::Timestamp rounded = time;
  rounded.set_nanos(static_cast<int32_t>(time.nanos() / kNanosOfMillisecond * kNanosOfMillisecond));
  return google::protobuf::util::TimeUtil::ToString(rounded);
}

std::string TextOf(const google::protobuf::Duration& length) {
  const absl::Duration exact = absl::Seconds(length.seconds()) + absl::Nanoseconds(length.nanos());
  return absl::FormatDuration(absl::Trunc(exact, absl::Milliseconds(1)));
}

std::string WithoutPrefix(const std::string& full_name, const std::string& prefix) {
  return full_name.rfind(prefix, 0) == 0 ? full_name.substr(prefix.size()) : full_name;
}

std::string NameOf(const v1::Reason& reason) {
  const std::string code = WithoutPrefix(v1::ReasonCode_Name(reason.code()), "REASON_CODE_");
  switch (reason.code()) {
    case v1::REASON_CODE_INVARIANT:
    case v1::REASON_CODE_RULE:
      return reason.name();
    case v1::REASON_CODE_BREAKER:
    case v1::REASON_CODE_STALE_SOURCE:
    case v1::REASON_CODE_UNPROVEN:
      return absl::StrCat(code, " ", reason.name());
    default:
      return code;
  }
}

namespace {

void PrintReason(Context& context, const v1::Reason& reason, const std::string& front) {
  context.out << "  " << front << Painted(context, reason.verdict()) << "  "
              << WithoutPrefix(v1::ReasonCode_Name(reason.code()), "REASON_CODE_") << "  "
              << reason.name() << ": " << reason.message() << "\n";
}

}  // namespace

void PrintDecision(Context& context, const v1::Decision& decision) {
  if (context.json) return PrintJson(context, decision);
  context.out << Painted(context, decision.verdict()) << (decision.replayed() ? " (replayed)" : "")
              << "\n";
  PrintPairs(
      context,
      {{"  decision", decision.decision_id()},
       {"  policy", absl::StrCat("version ", decision.policy_version())},
       {"  first", decision.first_decision_id()},
       {"  reserved", decision.has_reservation() ? TextOf(decision.reservation().amount()) : ""},
       {"  valid until", decision.has_valid_until() ? TextOf(decision.valid_until()) : ""},
       {"  ask again in", decision.has_retry_after() ? TextOf(decision.retry_after()) : ""}});
  for (const v1::Reason& reason : decision.reasons()) PrintReason(context, reason, "");
  for (const v1::Reason& reason : decision.shadow_reasons()) {
    PrintReason(context, reason, "in shadow ");
  }
}

void PrintReservation(Context& context, const v1::Reservation& reservation) {
  if (context.json) return PrintJson(context, reservation);
  PrintPairs(context, {{"reservation", WithoutPrefix(v1::ReservationState_Name(reservation.state()),
                                                     "RESERVATION_STATE_")},
                       {"  decision", reservation.decision_id()},
                       {"  amount", TextOf(reservation.amount())},
                       {"  overdue", reservation.overdue() ? "yes" : ""}});
}

}  // namespace fundgate::fundctl
