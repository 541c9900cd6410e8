#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/feeder.h"
#include "client/fundctl/input_lines.h"
#include "client/fundctl/output.h"
#include "client/fundctl/stop_signals.h"
#include "client/fundctl/verbs.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/map.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

struct EventOptions {
  std::string source;
  std::string kind;
  std::string fact;
  std::vector<std::string> fields;
  std::vector<std::string> were;
  std::string key;
  std::string account;
  std::string order;
  std::string amount;
  std::string status = "happened";
  std::string row;
  std::vector<std::string> parts;
  std::string was_amount;
  bool deleted = false;
  bool from_input = false;
  bool stay = false;
  double beat_seconds = 1;
};

v1::MovementStatus StatusOf(const std::string& word) {
  if (word == "in_progress") return v1::MOVEMENT_STATUS_IN_PROGRESS;
  if (word == "failed") return v1::MOVEMENT_STATUS_FAILED;
  return v1::MOVEMENT_STATUS_HAPPENED;
}

absl::Status FillFields(const std::vector<std::string>& pairs,
                        google::protobuf::Map<std::string, v1::Value>& fields) {
  for (const std::string& text : pairs) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto pair, ParsePair(text));
    fields[pair.first] = ParseValue(pair.second);
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::Event> FactOf(const EventOptions& options) {
  if (options.key.empty() || (options.deleted ? options.were : options.fields).empty()) {
    return absl::InvalidArgumentError(
        "a fact needs --key, and --field NAME=VALUE; a deleted one --was-field instead");
  }
  v1::Event event;
  v1::Fact& fact = *event.mutable_fact();
  fact.set_name(options.fact);
  fact.set_key(options.key);
  fact.set_account_id(options.account);
  fact.set_deleted(options.deleted);
  FUNDGATE_RETURN_IF_ERROR(FillFields(options.fields, *fact.mutable_fields()));
  if (!options.were.empty()) {
    FUNDGATE_RETURN_IF_ERROR(FillFields(options.were, *fact.mutable_before()->mutable_fields()));
  }
  return event;
}

absl::StatusOr<v1::Event> EventOf(const EventOptions& options) {
  if (!options.fact.empty()) return FactOf(options);
  if (options.kind.empty() || options.key.empty() || options.account.empty() ||
      options.amount.empty()) {
    return absl::InvalidArgumentError("an event needs --kind, --key, --account and --amount");
  }
  v1::Contribution said;
  said.set_status(StatusOf(options.status));
  said.set_idempotency_key(options.key);
  said.set_account_id(options.account);
  said.set_order_id(options.order);
  FUNDGATE_ASSIGN_OR_RETURN(*said.mutable_amount(), ParseMoney(options.amount));
  for (const std::string& part : options.parts) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto pair, ParsePair(part));
    FUNDGATE_ASSIGN_OR_RETURN((*said.mutable_parts())[pair.first], ParseMoney(pair.second));
  }
  v1::Event event;
  v1::MovementEvent& movement = *event.mutable_movement();
  movement.set_kind(options.kind);
  movement.mutable_row()->set_table(options.kind);
  movement.mutable_row()->set_primary_key(options.row.empty() ? options.key : options.row);
  if (options.deleted) {
    *movement.mutable_before() = said;
    return event;
  }
  if (!options.was_amount.empty()) {
    *movement.mutable_before() = said;
    FUNDGATE_ASSIGN_OR_RETURN(*movement.mutable_before()->mutable_amount(),
                              ParseMoney(options.was_amount));
  }
  *movement.mutable_after() = said;
  return event;
}

// Sends events that come as lines of JSON.
class LineSender {
 public:
  explicit LineSender(Feeder& feeder) : feeder_(feeder) {}

  // An empty line is passed over. INVALID_ARGUMENT naming the line if it is no event.
  absl::Status Send(const std::string& line) {
    ++number_;
    if (line.empty()) return absl::OkStatus();
    v1::Event event;
    const auto parsed = google::protobuf::util::JsonStringToMessage(line, &event);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number_, ": no event in JSON: ", parsed.ToString()));
    }
    return feeder_.Send(event);
  }

 private:
  Feeder& feeder_;
  int number_ = 0;
};

// Probes on the beat and says when the gate is lost and found. A lost gate is looked for on every
// beat. A feeder that was fenced off comes back one beat later, so that one that only sends an
// event or two gets its turn.
class Beat {
 public:
  Beat(Context& context, Feeder& feeder, const std::string& source)
      : context_(context), feeder_(feeder), source_(source) {}

  absl::Status Probe() {
    const absl::Status status = feeder_.Probe();
    if (!status.ok() && !MayStartOver(status)) return status;
    if (status.ok() == connected_) return absl::OkStatus();
    connected_ = status.ok();
    context_.err << "fundctl event send: "
                 << (connected_ ? "feeding source " + source_ + " again"
                                : std::string(status.message()) + "; trying again")
                 << "\n"
                 << std::flush;
    return absl::OkStatus();
  }

 private:
  Context& context_;
  Feeder& feeder_;
  const std::string& source_;
  bool connected_ = true;
};

// Sends lines as they come and probes on the beat, until the input ends (with --stay: goes on) or a
// signal comes.
absl::Status SendAndStay(Context& context, Feeder& feeder, const EventOptions& options) {
  if (!options.from_input && !options.stay) return absl::OkStatus();
  const StopSignals signals;
  LineSender sender(feeder);
  Beat beat(context, feeder, options.source);
  InputLines lines(context.in_descriptor);
  bool reading = options.from_input && context.in_descriptor >= 0;
  if (options.from_input && !reading) {
    for (std::string line; std::getline(context.in, line);) {
      FUNDGATE_RETURN_IF_ERROR(sender.Send(line));
    }
  }
  while (reading || options.stay) {
    const Wake wake = signals.Wait(reading ? context.in_descriptor : -1, options.beat_seconds);
    if (wake == Wake::kStop) return absl::OkStatus();
    if (wake == Wake::kBeat) {
      FUNDGATE_RETURN_IF_ERROR(beat.Probe());
      continue;
    }
    FUNDGATE_ASSIGN_OR_RETURN(reading, lines.Read());
    while (const std::optional<std::string> line = lines.Next()) {
      FUNDGATE_RETURN_IF_ERROR(sender.Send(*line));
    }
  }
  return absl::OkStatus();
}

absl::Status Feed(Context& context, const EventOptions& options) {
  Feeder feeder(context.channel(), options.source, absl::Seconds(context.timeout_seconds));
  if (!options.kind.empty() || !options.fact.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(const v1::Event event, EventOf(options));
    FUNDGATE_RETURN_IF_ERROR(feeder.Send(event));
  }
  FUNDGATE_RETURN_IF_ERROR(feeder.Probe());
  const std::string begun_at = feeder.position();
  context.out << "Source " << options.source << " is at \"" << begun_at << "\".\n" << std::flush;
  FUNDGATE_RETURN_IF_ERROR(SendAndStay(context, feeder, options));
  const std::string ended_at = feeder.position();
  if (!ended_at.empty() && ended_at != begun_at) {
    FUNDGATE_RETURN_IF_ERROR(feeder.Probe());
    context.out << "Source " << options.source << " is at \"" << ended_at << "\".\n";
  }
  return feeder.Close();
}

ExitCode Run(Context& context, const EventOptions& options) {
  const bool has_event = !options.kind.empty() || !options.fact.empty();
  if (!has_event && !options.from_input && !options.stay) {
    context.err << "fundctl event send: say what happened with --kind ... or --fact ..., give "
                   "events as JSON lines with --stdin, or --stay connected\n";
    return kUsage;
  }
  if (!options.kind.empty() && !options.fact.empty()) {
    context.err << "fundctl event send: an event is a movement or a fact: give --kind or --fact\n";
    return kUsage;
  }
  if (has_event) {
    const absl::StatusOr<v1::Event> event = EventOf(options);
    if (!event.ok()) {
      context.err << "fundctl event send: " << event.status().message() << "\n";
      return kUsage;
    }
  }
  const absl::Status status = Feed(context, options);
  return status.ok() ? kOk : context.Fail(status);
}

}  // namespace

void AddEvent(CLI::App& app, Context& context) {
  CLI::App* event = app.add_subcommand("event", "What a service says has happened");
  event->require_subcommand(1);
  auto options = std::make_shared<EventOptions>();
  CLI::App* verb = event->add_subcommand("send", "Feeds a report source");
  verb->footer(
      "\nA source has one feeder at a time: the newest one fences off the others.\n"
      "\nExamples:\n"
      "  fundctl event send --source ledger --kind payment --key p1 --account m1 --order o1 \\\n"
      "      --amount \"CNY 100.00\"\n"
      "  fundctl event send --source shop --fact order_paid --key o1 --account m1 \\\n"
      "      --field order_id=o1 --field \"amount=CNY 100.00\"\n"
      "  fundctl event send --source ledger --stdin --stay < events.jsonl\n");
  verb->add_option("--source", options->source, "The source's name in the policy")->required();
  verb->add_option("--kind", options->kind, "Kind of movement: payment, refund ...");
  verb->add_option("--fact", options->fact,
                   "Instead of --kind: name of a fact: bid, order_paid ...");
  verb->add_option("--field", options->fields, "Of a fact: NAME=VALUE, \"price=CNY 1.00\"");
  verb->add_option("--was-field", options->were, "Of a fact: NAME=VALUE before it was changed");
  verb->add_option("--key", options->key, "Idempotency key; of a fact, what it is about");
  verb->add_option("--account", options->account, "Account");
  verb->add_option("--order", options->order, "Order");
  verb->add_option("--amount", options->amount, "\"CNY 12.34\"");
  verb->add_option("--part", options->parts, "NAME=CNY 1.00, for kinds with parts");
  verb->add_option("--status", options->status, "happened, in_progress or failed")
      ->check(CLI::IsMember({"happened", "in_progress", "failed"}))
      ->capture_default_str();
  verb->add_option("--row", options->row, "Primary key of the row; the idempotency key by default");
  verb->add_option("--was", options->was_amount, "The row's amount before it was edited");
  verb->add_flag("--deleted", options->deleted, "The row is gone");
  verb->add_flag("--stdin", options->from_input, "Reads events as JSON, one a line");
  verb->add_flag("--stay", options->stay, "Stays connected, so that the source is proven");
  verb->add_option("--beat", options->beat_seconds, "Seconds between probes while it stays")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->callback([&context, options] {
    context.run = [&context, options] { return Run(context, *options); };
  });
}

}  // namespace fundgate::fundctl
