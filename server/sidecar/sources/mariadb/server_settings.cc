#include "server/sidecar/sources/mariadb/server_settings.h"

#include <array>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fundgate::sources {
namespace {

struct Needed {
  const char* variable;
  const char* value;  // as SHOW prints it
  const char* line;   // of the server's configuration
  const char* why;
  bool may_be_unknown = false;  // to servers that are too old to need it
};

constexpr std::array kNeededOfMariadb = {
    Needed{"log_bin", "ON", "log_bin = mariadb-bin", "without a binlog there is nothing to follow"},
    Needed{"binlog_format", "ROW", "binlog_format = ROW",
           "statements don't say which rows changed"},
    Needed{"binlog_row_image", "FULL", "binlog_row_image = FULL",
           "a mapping reads the whole row before and after a change"},
    Needed{"binlog_checksum", "CRC32", "binlog_checksum = CRC32", "damage must be noticed"},
    Needed{"sync_binlog", "1", "sync_binlog = 1",
           "a crash must not take back what was already read"},
    Needed{"gtid_strict_mode", "ON", "gtid_strict_mode = ON", "positions must never run backwards"},
    Needed{"binlog_annotate_row_events", "ON", "binlog_annotate_row_events = ON",
           "guards read the statement that wrote a row"},
};

// Of each MySQL.
constexpr std::array kNeededOfMysql = {
    Needed{"log_bin", "ON", "log_bin = mysql-bin", "without a binlog there is nothing to follow"},
    Needed{"binlog_format", "ROW", "binlog_format = ROW", "statements don't say which rows changed",
           true},
    Needed{"binlog_row_image", "FULL", "binlog_row_image = FULL",
           "a mapping reads the whole row before and after a change"},
    Needed{"binlog_row_value_options", "", "binlog_row_value_options = ''",
           "updates of parts of JSON documents can't be read", true},
    Needed{"binlog_checksum", "CRC32", "binlog_checksum = CRC32", "damage must be noticed"},
    Needed{"sync_binlog", "1", "sync_binlog = 1",
           "a crash must not take back what was already read"},
};

constexpr std::array kNeededWithGtids = {
    Needed{"gtid_mode", "ON", "gtid_mode = ON",
           "a position must hold on every server that may become the primary"},
    Needed{"enforce_gtid_consistency", "ON", "enforce_gtid_consistency = ON", "gtid_mode needs it"},
    Needed{"log_slave_updates", "ON", "log_slave_updates = ON",
           "a replica that is promoted must have what it replicated in its own binlog", true},
    Needed{"log_replica_updates", "ON", "log_replica_updates = ON",
           "a replica that is promoted must have what it replicated in its own binlog", true},
};

constexpr std::array kNeededWithoutGtids = {
    Needed{"gtid_mode", "OFF", "gtid_mode = OFF, or leave `positions: files` out of the policy",
           "with GTIDs a position holds on other servers, too", true},
};

std::vector<Needed> NeededOf(Flavor flavor) {
  if (flavor == Flavor::kMariadb) return {kNeededOfMariadb.begin(), kNeededOfMariadb.end()};
  std::vector<Needed> needed(kNeededOfMysql.begin(), kNeededOfMysql.end());
  if (flavor == Flavor::kMysql) {
    needed.insert(needed.end(), kNeededWithGtids.begin(), kNeededWithGtids.end());
  } else {
    needed.insert(needed.end(), kNeededWithoutGtids.begin(), kNeededWithoutGtids.end());
  }
  return needed;
}

// The client library misreads the names of logs that are shorter than this, at each rotation.
constexpr size_t kBaseNameBytesMin = 5;

std::optional<std::string> Find(const ServerVariables& variables, const std::string& name) {
  const auto found = variables.find(name);
  if (found == variables.end()) return std::nullopt;
  return found->second;
}

void CheckBaseName(const ServerVariables& variables, std::vector<std::string>& wrong) {
  const std::string base = Find(variables, "log_bin_basename").value_or("");
  const std::string file = base.substr(base.rfind('/') + 1);
  if (!file.empty() && file.size() < kBaseNameBytesMin) {
    wrong.push_back(absl::StrCat("the binlog's base name is \"", file, "\", but must have ",
                                 kBaseNameBytesMin, " characters or more (shorter ones break the ",
                                 "connection at each rotation); set: log_bin = mariadb-bin"));
  }
}

}  // namespace

const std::vector<std::string>& CheckedVariables() {
  static const auto* const kNames = [] {
    auto* all = new std::vector<std::string>{"log_bin_basename", "server_id", "read_only",
                                             "master_verify_checksum", "version"};
    for (const Flavor flavor : {Flavor::kMariadb, Flavor::kMysql, Flavor::kMysqlFiles}) {
      for (const Needed& needed : NeededOf(flavor)) all->push_back(needed.variable);
    }
    return all;
  }();
  return *kNames;
}

std::string NameOf(Flavor flavor) { return flavor == Flavor::kMariadb ? "MariaDB" : "MySQL"; }

absl::Status CheckServerSettings(const ServerVariables& variables, uint32_t server_id,
                                 Flavor flavor) {
  const std::string version = Find(variables, "version").value_or("");
  const Flavor found = absl::StrContains(version, "MariaDB") ? Flavor::kMariadb : Flavor::kMysql;
  if (!version.empty() && NameOf(found) != NameOf(flavor)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the server's version is ", version, ": it is no ", NameOf(flavor), "; write `",
        absl::AsciiStrToLower(NameOf(found)), "` in the policy's source"));
  }
  std::vector<std::string> wrong;
  for (const Needed& needed : NeededOf(flavor)) {
    const std::optional<std::string> value = Find(variables, needed.variable);
    if (value.has_value() ? absl::EqualsIgnoreCase(*value, needed.value) : needed.may_be_unknown) {
      continue;
    }
    wrong.push_back(absl::StrCat(needed.variable, " is ", value.value_or("unknown to the server"),
                                 ", but must be ", *needed.value == '\0' ? "empty" : needed.value,
                                 " (", needed.why, "); set: ", needed.line));
  }
  // What reads MySQL's binlog knows no such bound.
  if (flavor == Flavor::kMariadb) CheckBaseName(variables, wrong);
  if (Find(variables, "server_id") == absl::StrCat(server_id)) {
    wrong.push_back(absl::StrCat("server_id is ", server_id, ", which is also the sidecar's own; ",
                                 "start the sidecar with another --server-id"));
  }
  if (wrong.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the server does not log what is needed; under [",
                   flavor == Flavor::kMariadb ? "mariadbd" : "mysqld", "] of its configuration, ",
                   "then restart it:\n  ", absl::StrJoin(wrong, "\n  ")));
}

bool IsReadOnly(const ServerVariables& variables) {
  const std::string value = Find(variables, "read_only").value_or("OFF");
  return !absl::EqualsIgnoreCase(value, "OFF") && value != "0";
}

}  // namespace fundgate::sources
