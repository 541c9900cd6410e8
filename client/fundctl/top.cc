#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/fundctl/output.h"
#include "client/fundctl/stop_signals.h"
#include "client/fundctl/top_page.h"
#include "client/fundctl/verbs.h"
#include "fundgate/v1/audit.grpc.pb.h"
#include "fundgate/v1/breakers.grpc.pb.h"
#include "fundgate/v1/holds.grpc.pb.h"
#include "fundgate/v1/status.grpc.pb.h"

namespace fundgate::fundctl {
namespace {

struct TopOptions {
  bool once = false;
  double every_seconds = 2;
  int lines = 5;
};

grpc::Status Read(Context& context, int lines, TopReading& reading) {
  const auto ask = [&context](const auto& call_it) {
    grpc::ClientContext call;
    context.SetDeadline(call);
    return call_it(call);
  };
  grpc::Status status = ask([&](grpc::ClientContext& call) {
    return v1::Status::NewStub(context.channel())->GetStatus(&call, {}, &reading.status);
  });
  // What needs a policy has nothing to show before the first.
  if (!status.ok() || reading.status.policy_version() == 0) return status;
  v1::ListBreakersResponse breakers;
  v1::ListHoldsResponse holds;
  v1::ListViolationsResponse violations;
  status = ask([&](grpc::ClientContext& call) {
    v1::ListBreakersRequest request;
    request.set_page_size(lines);
    return v1::Breakers::NewStub(context.channel())->ListBreakers(&call, request, &breakers);
  });
  if (!status.ok()) return status;
  status = ask([&](grpc::ClientContext& call) {
    v1::ListHoldsRequest request;
    request.set_page_size(lines);
    return v1::Holds::NewStub(context.channel())->ListHolds(&call, request, &holds);
  });
  if (!status.ok()) return status;
  status = ask([&](grpc::ClientContext& call) {
    v1::ListViolationsRequest request;
    request.set_page_size(lines);
    return v1::Audit::NewStub(context.channel())->ListViolations(&call, request, &violations);
  });
  reading.breakers.assign(breakers.breakers().begin(), breakers.breakers().end());
  reading.holds.assign(holds.holds().begin(), holds.holds().end());
  reading.more_holds = !holds.next_page_token().empty();
  reading.violations.assign(violations.violations().begin(), violations.violations().end());
  return status;
}

// The page in place of the one before; what was longer of that is wiped out.
void Show(Context& context, const std::string& page) {
  constexpr char kHome[] = "\x1b[H";
  constexpr char kWipe[] = "\x1b[J";
  std::string text = kHome;
  for (const char byte : page) {
    if (byte == '\n') text += "\x1b[K";  // the rest of the line
    text.push_back(byte);
  }
  context.out << text << kWipe << std::flush;
}

bool IsSilence(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}

ExitCode Run(Context& context, const TopOptions& options) {
  const bool live = context.terminal && !options.once;
  const StopSignals signals;
  std::optional<TopReading> before;
  std::string page;          // the newest
  std::string silent_since;  // empty: it answers
  if (live && !context.json) context.out << "\x1b[2J";
  while (true) {
    TopReading now;
    const grpc::Status status = Read(context, options.lines, now);
    if (!status.ok()) {
      // A gate that is started again comes back; whoever looks at it stays.
      if (!live || context.json || page.empty() || !IsSilence(status)) return context.Fail(status);
      if (silent_since.empty())
        silent_since = absl::FormatTime("%H:%M:%S", absl::Now(), absl::LocalTimeZone());
      before.reset();
      Show(context, absl::StrCat(Painted(context, Tone::kBad,
                                         absl::StrCat("NO ANSWER from ", context.address, " since ",
                                                      silent_since)),
                                 "; what it said last:\n", page));
      if (signals.Wait(-1, options.every_seconds) == Wake::kStop) return kOk;
      continue;
    }
    silent_since.clear();
    if (context.json) {
      PrintJson(context, now.status);
    } else {
      page = TopPage(context, now, before.has_value() ? &*before : nullptr);
      live ? Show(context, page) : void(context.out << page << std::flush);
    }
    if (!live) return kOk;
    before = std::move(now);
    if (signals.Wait(-1, options.every_seconds) == Wake::kStop) return kOk;
  }
}

}  // namespace

void AddTop(CLI::App& app, Context& context) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* verb = app.add_subcommand(
      "top", "A live view: rates, verdicts, sources, breakers, holds, newest violations");
  verb->footer(
      "\nOn a terminal until Ctrl-C, also while the gate is started again; elsewhere one page, as "
      "with --once.\n"
      "\nExamples:\n"
      "  fundctl top\n"
      "  fundctl top --once\n");
  verb->add_flag("--once", options->once, "One page, with rates since the gate started");
  verb->add_option("--every", options->every_seconds, "Seconds between two looks")
      ->check(CLI::Range(0.2, 3600.0))
      ->capture_default_str();
  verb->add_option("--lines", options->lines, "How many breakers, holds and violations")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  verb->callback([&context, options] {
    context.run = [&context, options] { return Run(context, *options); };
  });
}

}  // namespace fundgate::fundctl
