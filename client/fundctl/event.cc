#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <ostream>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/fundctl/arguments.h"
#include "client/fundctl/feeder.h"
#include "client/fundctl/output.h"
#include "client/fundctl/verbs.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/time_util.h"

namespace fundgate::fundctl {
namespace {

struct EventOptions {
  std::string source;
  std::string kind;
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

absl::StatusOr<v1::Event> EventOf(const EventOptions& options) {
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

// Wakes a pause up when SIGINT or SIGTERM comes, so that a feeder that stays ends cleanly. One at a
// time; puts the former handlers back in the end.
class StopSignals {
 public:
  StopSignals() {
    if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;  // signals then end the process
    struct sigaction action = {};
    action.sa_handler = [](int /*signal*/) {
      const int former_errno = errno;
      const char byte = 0;
      (void)!::write(pipe_[1], &byte, 1);
      errno = former_errno;
    };
    (void)::sigaction(SIGINT, &action, &former_[0]);
    (void)::sigaction(SIGTERM, &action, &former_[1]);
    caught_ = true;
  }
  ~StopSignals() {
    if (!caught_) return;
    (void)::sigaction(SIGINT, &former_[0], nullptr);
    (void)::sigaction(SIGTERM, &former_[1], nullptr);
    (void)::close(pipe_[0]);
    (void)::close(pipe_[1]);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // True once a signal has come; false after `seconds` without one.
  bool Wait(double seconds) const {
    pollfd waiting = {pipe_[0], POLLIN, 0};
    return ::poll(&waiting, caught_ ? 1 : 0, static_cast<int>(seconds * 1000)) > 0;
  }

 private:
  static inline int pipe_[2] = {-1, -1};  // static: the handler reaches it
  struct sigaction former_[2] = {};
  bool caught_ = false;
};

// Probes on the beat, and leaves probes on demand to the feeder, until told to stop. A lost gate is
// looked for on every beat. A feeder that was fenced off comes back one beat later, so that one
// that only sends an event or two gets its turn.
absl::Status Stay(Context& context, Feeder& feeder, const EventOptions& options) {
  const StopSignals signals;
  bool connected = true;
  do {
    const absl::Status status = feeder.Probe();
    if (!status.ok() && !MayStartOver(status)) return status;
    if (status.ok() != connected) {
      connected = status.ok();
      context.err << "fundctl event send: "
                  << (connected ? "feeding source " + options.source + " again"
                                : std::string(status.message()) + "; trying again")
                  << "\n"
                  << std::flush;
    }
  } while (!signals.Wait(options.beat_seconds));
  return absl::OkStatus();
}

absl::Status SendLines(Context& context, Feeder& feeder) {
  std::string line;
  for (int number = 1; std::getline(context.in, line); ++number) {
    if (line.empty()) continue;
    v1::Event event;
    const auto parsed = google::protobuf::util::JsonStringToMessage(line, &event);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": no event in JSON: ", parsed.ToString()));
    }
    FUNDGATE_RETURN_IF_ERROR(feeder.Send(event));
  }
  return absl::OkStatus();
}

absl::Status Feed(Context& context, const EventOptions& options) {
  Feeder feeder(context.channel(), options.source, absl::Seconds(context.timeout_seconds));
  if (!options.kind.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(const v1::Event event, EventOf(options));
    FUNDGATE_RETURN_IF_ERROR(feeder.Send(event));
  }
  if (options.from_input) FUNDGATE_RETURN_IF_ERROR(SendLines(context, feeder));
  FUNDGATE_RETURN_IF_ERROR(feeder.Probe());
  context.out << "Source " << options.source << " is at \"" << feeder.position() << "\".\n"
              << std::flush;
  if (options.stay) FUNDGATE_RETURN_IF_ERROR(Stay(context, feeder, options));
  return feeder.Close();
}

ExitCode Run(Context& context, const EventOptions& options) {
  if (options.kind.empty() && !options.from_input && !options.stay) {
    context.err << "fundctl event send: say what happened with --kind ..., give events as JSON "
                   "lines with --stdin, or --stay connected\n";
    return kUsage;
  }
  if (!options.kind.empty()) {
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
      "  fundctl event send --source ledger --stdin --stay < events.jsonl\n");
  verb->add_option("--source", options->source, "The source's name in the policy")->required();
  verb->add_option("--kind", options->kind, "Kind of movement: payment, refund ...");
  verb->add_option("--key", options->key, "Idempotency key");
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
