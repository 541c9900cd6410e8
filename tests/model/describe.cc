#include "tests/model/describe.h"

#include <cstdint>
#include <sstream>
#include <variant>

namespace fundgate::model {
namespace {

std::string TextOf(const core::KeyId& key) { return key.kind.value() + "/" + key.key.value(); }

std::string TextOf(const core::Line& line) {
  std::ostringstream out;
  out << "{" << line.order << " " << line.amount;
  for (const auto& [name, amount] : line.parts) out << " " << name << "=" << amount;
  out << "}";
  return out.str();
}

std::string TextOf(const std::optional<core::Contribution>& row) {
  if (!row.has_value()) return "-";
  static const char* const kStatus[] = {"none", "happened", "in_progress", "failed"};
  std::ostringstream out;
  out << kStatus[static_cast<int>(row->status)] << " key=" << row->key << " " << row->account << " "
      << row->currency.code() << " " << TextOf(row->line);
  return out.str();
}

void Write(std::ostream& out, const core::CheckInput& check) {
  out << "Check{" << TextOf(check.key) << " " << check.account << " "
      << check.amount.currency.code() << " " << check.amount.minor_units;
  for (const core::Line& line : check.lines) out << " " << TextOf(line);
  for (const auto& [name, value] : check.attributes) {
    out << " " << name << "=" << std::get<std::string>(value);
  }
  if (check.max_staleness) out << " max_staleness=" << absl::FormatDuration(*check.max_staleness);
  for (const auto& [source, position] : check.after_positions) {
    out << " after " << source << "=" << position.ToString();
  }
  out << " arrived_at=" << absl::ToUnixMillis(check.arrived_at) % 10'000'000
      << (check.may_wait ? " may_wait" : "") << "}";
}

void Write(std::ostream& out, const core::ConfirmInput& input) {
  out << "Confirm{" << TextOf(input.key) << " " << input.account << " " << input.decision_id;
  if (input.amount) out << " " << input.amount->minor_units;
  out << "}";
}

void Write(std::ostream& out, const core::ReleaseInput& input) {
  out << "Release{" << TextOf(input.key) << " " << input.account << " '" << input.decision_id
      << "'}";
}

void Write(std::ostream& out, const core::RejectHoldInput& input) {
  out << "RejectHold{" << TextOf(input.key) << " " << input.decision_id << "}";
}

void Write(std::ostream& out, const core::ApproveHoldInput& input) {
  out << "ApproveHold{" << TextOf(input.key) << " " << input.decision_id << "}";
}

void Write(std::ostream& out, const core::AcknowledgeInput& input) {
  out << "Acknowledge{" << input.id << "}";
}

void Write(std::ostream& out, const core::ResolveInput& input) {
  out << "Resolve{" << input.id << "}";
}

void Write(std::ostream& out, const core::DeliveredInput& input) {
  out << "Delivered{" << input.alerts.size() << "}";
}

void Write(std::ostream& out, const core::ResnapshotInput& input) {
  out << "Resnapshot{" << input.source << "}";
}

void Write(std::ostream& out, const core::CancelResnapshotInput& input) {
  out << "CancelResnapshot{" << input.source << "}";
}

void Write(std::ostream& out, const core::RunPlanInput& input) {
  out << "RunPlan{" << input.plan << "}";
}

void Write(std::ostream& out, const core::UndoPlanInput& input) {
  out << "UndoPlan{" << input.plan << "}";
}

void Write(std::ostream& out, const core::GrantLeaseInput& input) {
  out << "GrantLease{" << input.checkpoint << " " << input.holder << "}";
}

void Write(std::ostream& out, const core::ReportLeaseInput& input) {
  out << "ReportLease{" << input.lease << " " << input.check.key.key << "}";
}

void Write(std::ostream& out, const core::GrantEpochInput& input) {
  out << "GrantEpoch{" << input.source << " mapping=" << input.mapping_version
      << (input.coordinates_changed ? " coordinates_changed" : "") << "}";
}

void Write(std::ostream& out, const core::IngestInput& input) {
  out << "Ingest{" << input.source << " epoch=" << input.epoch << " '" << input.previous.ToString()
      << "' -> '" << input.position.ToString() << "' mapping=" << input.mapping_version;
  if (input.inside_transaction) out << " inside a transaction";
  if (input.probe) {
    out << " probe head='" << input.probe->head.ToString()
        << "' read_after=" << absl::ToUnixMillis(input.probe->read_after) % 10'000'000;
  }
  for (const core::Event& event : input.events) {
    out << "\n      event " << event.id << ": ";
    if (const auto* change = std::get_if<core::MovementEvent>(&event.body)) {
      out << change->kind << " row " << change->row.primary_key << " image " << change->image_hash
          << " before [" << TextOf(change->before) << "] after [" << TextOf(change->after) << "]";
    } else if (const auto* gap = std::get_if<core::GapEvent>(&event.body)) {
      out << "gap " << gap->scope.kind << " " << gap->scope.account << " " << gap->scope.order;
    } else {
      out << "fact";
    }
  }
  out << "}";
}

void Write(std::ostream& out, const core::TripBreakerInput& input) {
  out << "TripBreaker{" << input.scope << " mode=" << static_cast<int>(input.mode);
  if (input.until) out << " until=" << absl::ToUnixMillis(*input.until) % 10'000'000;
  out << "}";
}

void Write(std::ostream& out, const core::HalfOpenBreakerInput& input) {
  out << "HalfOpenBreaker{" << input.scope << " mode=" << static_cast<int>(input.mode)
      << " calls=" << input.budget.calls << " money=" << input.budget.amount.minor_units << "}";
}

void Write(std::ostream& out, const core::ResetBreakerInput& input) {
  out << "ResetBreaker{" << input.scope << "}";
}

void Write(std::ostream& out, const core::ApplyPolicyInput& input) {
  out << "ApplyPolicy{";
  if (input.expected_version) out << "expected=" << *input.expected_version;
  out << "}";
}

void Write(std::ostream& out, const core::TickInput&) { out << "Tick{}"; }
void Write(std::ostream& out, const core::ClockDriftInput&) { out << "ClockDrift{}"; }
void Write(std::ostream& out, const core::AcceptTimeInput&) { out << "AcceptTime{}"; }

std::string TextOf(const BookPicture& book) {
  std::ostringstream out;
  for (const Numbers& n : book) {
    out << " " << static_cast<int64_t>(n.posted) << "+" << static_cast<int64_t>(n.up) << "-"
        << static_cast<int64_t>(n.down);
  }
  return out.str();
}

std::string TextOf(const KeyPicture& key) {
  std::ostringstream out;
  out << " state=" << static_cast<int>(key.state) << " generation=" << key.generation
      << (key.moved ? " moved" : "") << (key.bound ? " bound" : "");
  if (key.reservation) {
    out << " reservation=" << static_cast<int>(key.reservation->state) << " "
        << key.reservation->amount << (key.reservation->overdue ? " overdue" : "")
        << (key.reservation->open ? " open" : "");
  }
  return out.str();
}

std::string TextOf(const BreakerPicture& breaker) {
  std::ostringstream out;
  out << " state=" << static_cast<int>(breaker.state) << " mode=" << static_cast<int>(breaker.mode)
      << " left=" << breaker.calls_left << "/" << breaker.money_left;
  return out.str();
}

std::string TextOf(const SourcePicture& source) {
  std::ostringstream out;
  out << " epoch=" << source.epoch << " position=" << source.position
      << " proven=" << absl::ToUnixMillis(source.proven_past) % 10'000'000;
  return out.str();
}

std::string TextOf(const RulePicture& rule) {
  std::ostringstream out;
  out << " hits=" << rule.hits << " shadow=" << rule.shadow_hits << " errors=" << rule.errors
      << " suppressed=" << rule.suppressed << " since=" << rule.since;
  return out.str();
}

std::string TextOf(const std::string& text) { return text; }
std::string TextOf(const core::BookId& book) { return Describe(book); }

template <typename Id, typename Value>
void WriteDifference(std::ostream& out, const char* what, const std::map<Id, Value>& machine,
                     const std::map<Id, Value>& model) {
  for (const auto& [id, value] : machine) {
    const auto other = model.find(id);
    if (other != model.end() && other->second == value) continue;
    out << what << " " << TextOf(id) << "\n  machine:" << TextOf(value)
        << "\n  model:  " << (other == model.end() ? " none" : TextOf(other->second)) << "\n";
  }
  for (const auto& [id, value] : model) {
    if (machine.contains(id)) continue;
    out << what << " " << TextOf(id) << "\n  machine: none\n  model:  " << TextOf(value) << "\n";
  }
}

void WriteDifference(std::ostream& out, const char* what, const std::set<std::string>& machine,
                     const std::set<std::string>& model) {
  for (const std::string& text : machine) {
    if (!model.contains(text)) out << what << " only in the machine: " << text << "\n";
  }
  for (const std::string& text : model) {
    if (!machine.contains(text)) out << what << " only in the model: " << text << "\n";
  }
}

}  // namespace

std::string Describe(const core::Input& input) {
  std::ostringstream out;
  out << "at " << absl::ToUnixMillis(input.time) % 10'000'000 << " ";
  std::visit([&](const auto& body) { Write(out, body); }, input.body);
  out << "\n";
  return out.str();
}

std::string Describe(const core::BookId& book) {
  return book.book + " " + book.account.value() + " " + book.order.value() + " " +
         std::string(book.currency.code());
}

std::string Describe(const AnswerPicture& answer) {
  static const char* const kSorts[] = {"Decision", "Wait",   "Reservation", "Epoch",  "Ingest",
                                       "Breaker",  "Policy", "Done",        "Refusal"};
  std::ostringstream out;
  out << kSorts[static_cast<int>(answer.sort)] << (answer.recorded ? "" : " (not recorded)");
  switch (answer.sort) {
    case AnswerSort::kDecision:
      out << " " << answer.decision_id << " verdict " << static_cast<int>(answer.verdict)
          << (answer.replayed ? " replayed" : "");
      for (const std::string& reason : answer.reasons) out << " [" << reason << "]";
      for (const std::string& reason : answer.shadow) out << " (" << reason << ")";
      if (answer.valid_until)
        out << " until " << absl::ToUnixMillis(*answer.valid_until) % 10'000'000;
      break;
    case AnswerSort::kWait:
      for (const std::string& source : answer.wait_sources) out << " " << source;
      out << " until " << absl::ToUnixMillis(answer.wait_until) % 10'000'000;
      break;
    case AnswerSort::kReservation:
      out << " " << answer.decision_id << " state " << static_cast<int>(answer.reservation) << " "
          << answer.amount;
      break;
    case AnswerSort::kRefusal:
      out << " " << absl::StatusCodeToString(answer.code);
      break;
    default:
      out << " " << answer.number << " " << static_cast<int>(answer.breaker);
  }
  for (const std::string& violation : answer.violations) out << " {" << violation << "}";
  return out.str();
}

std::string TextOfDifference(const StatePicture& machine, const StatePicture& model) {
  std::ostringstream out;
  WriteDifference(out, "book", machine.books, model.books);
  WriteDifference(out, "key", machine.keys, model.keys);
  WriteDifference(out, "breaker", machine.breakers, model.breakers);
  WriteDifference(out, "source", machine.sources, model.sources);
  WriteDifference(out, "gap", machine.gaps, model.gaps);
  WriteDifference(out, "rule", machine.rules, model.rules);
  if (machine.drifted != model.drifted) out << "drifted differs\n";
  return out.str();
}

}  // namespace fundgate::model
