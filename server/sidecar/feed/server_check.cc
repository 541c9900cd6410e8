#include "server/sidecar/feed/server_check.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace fundgate::feed {
namespace {

constexpr char kAdvice[] =
    "; nothing of it is read. The gate has applied what never became part of this server's "
    "history: "
    "point the policy's hosts at one that has it; if there is none, the source's books must be "
    "built anew from a snapshot";

std::string Named(const std::vector<Step>& steps) {
  return absl::StrJoin(steps, ", ", [](std::string* out, const Step& step) {
    absl::StrAppend(out, step.ToString());
  });
}

absl::Status Lost(const ServerState& server, absl::string_view why) {
  return absl::OutOfRangeError(
      absl::StrCat(server.name, " is at \"", server.head.Steps(), "\": ", why, kAdvice));
}

// Steps of MariaDB that have the number of an applied one and another writer.
std::vector<Step> Replaced(const SourcePosition& applied, const SourcePosition& head) {
  std::vector<Step> replaced;
  for (const auto& [stream, step] : applied.newest()) {
    const auto there = head.newest().find(stream);
    if (there != head.newest().end() && there->second.number == step.number &&
        there->second != step) {
      replaced.push_back(step);
    }
  }
  return replaced;
}

bool WroteAny(const ServerState& server, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    // Of MySQL a UUID, perhaps with a tag behind it.
    const std::string writer = step.server.has_value()
                                   ? absl::StrCat(*step.server)
                                   : step.stream.substr(0, step.stream.find(':'));
    if (writer == server.own_id) return true;
  }
  return false;
}

}  // namespace

absl::Status CheckServerHas(const SourcePosition& applied, const ServerState& server) {
  const std::vector<Step> purged = server.purged.Beyond(applied);
  if (!purged.empty()) {
    return absl::OutOfRangeError(absl::StrCat(
        server.name, " has purged binlogs with transactions that weren't read yet, from ",
        Named(purged), " on; the position is \"", applied.Steps(),
        "\". Point the policy's hosts at a server that still has them; if there is none, the ",
        "source's books must be built anew from a snapshot"));
  }
  const std::vector<Step> replaced = Replaced(applied, server.head);
  if (!replaced.empty()) {
    return Lost(server, absl::StrCat("in place of ", Named(replaced),
                                     ", which was applied, it has another transaction"));
  }
  const std::vector<Step> missing = applied.Beyond(server.head);
  if (missing.empty()) {
    const absl::Status parts = applied.CheckParts(server.head);
    return parts.ok() ? parts : Lost(server, parts.message());
  }
  if (applied.form() == PositionForm::kFiles) {
    return Lost(server, absl::StrCat("its binlog doesn't reach to ", Named(missing),
                                     ", up to where one was read: that was another server's, or ",
                                     "it was reset"));
  }
  if (WroteAny(server, missing)) {
    return Lost(server,
                absl::StrCat("it has lost ", Named(missing), ", which it wrote itself and ",
                             "which was applied: it was restored, or didn't sync its logs"));
  }
  // MariaDB's numbers go on where they are: there a later one is no sign of another history.
  const bool diverged =
      applied.form() == PositionForm::kGtidSets && !server.head.Beyond(applied).empty();
  if (diverged) {
    return Lost(server, absl::StrCat("it lacks ", Named(missing), ", which was applied, and has ",
                                     Named(server.head.Beyond(applied)),
                                     " instead: it took writes before it had received all"));
  }
  return absl::UnavailableError(
      absl::StrCat(server.name, " takes writes but is behind what was applied: it lacks ",
                   Named(missing), "; nothing is read from it until it has that"));
}

}  // namespace fundgate::feed
