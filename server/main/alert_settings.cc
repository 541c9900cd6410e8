#include "server/main/alert_settings.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/main/secret_settings.h"

namespace fundgate::main {
namespace {

// "NAME=rest" in two.
absl::StatusOr<std::pair<std::string, std::string>> Split(const std::string& word,
                                                          const std::string& option) {
  const size_t equals = word.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == word.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, " ", word, ": a name, = and the rest were expected"));
  }
  return std::pair(word.substr(0, equals), word.substr(equals + 1));
}

}  // namespace

void DeclareAlertSettings(CLI::App& app, AlertSettings& settings) {
  app.add_option("--alertmanager", settings.alertmanager,
                 "Tell this Alertmanager of groups of violations: http://127.0.0.1:9093")
      ->envname("FUNDGATE_ALERTMANAGER")
      ->type_name("URL");
  app.add_option(
         "--alert-webhook", settings.webhook,
         "Post each alert there, as JSON; @FILE: the address, a secret itself, is in the file")
      ->envname("FUNDGATE_ALERT_WEBHOOK")
      ->type_name("URL|@FILE");
  app.add_option("--action", settings.action_words,
                 "Where calls of the policy's actions go, by the name of their endpoint; may be "
                 "given several times")
      ->type_name("NAME=URL|@FILE");
  app.add_option("--token-file", settings.token_words,
                 "A bearer token for alertmanager, webhook or an endpoint of calls; may be given "
                 "several times")
      ->type_name("RECEIVER=FILE");
  app.add_option("--alert-ca-file", settings.ca_file,
                 "Who signs the receivers' certificates; the system's authorities if not given")
      ->envname("FUNDGATE_ALERT_CA_FILE")
      ->type_name("FILE");
  app.add_option("--alert-timeout", settings.timeout_seconds, "Of one attempt, in seconds")
      ->envname("FUNDGATE_ALERT_TIMEOUT")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  app.add_option("--alert-longest-wait", settings.longest_wait_seconds,
                 "Between attempts at a receiver that is down, in seconds: from 1 it doubles")
      ->envname("FUNDGATE_ALERT_LONGEST_WAIT")
      ->check(CLI::Range(1.0, 3600.0))
      ->capture_default_str();
  app.add_option("--alert-repeat", settings.repeat_seconds,
                 "The Alertmanager is told of what is open again after so many seconds")
      ->envname("FUNDGATE_ALERT_REPEAT")
      ->check(CLI::Range(1.0, 3600.0))
      ->capture_default_str();
}

absl::Status ReadTokens(AlertSettings& settings) {
  for (const std::string& word : settings.action_words) {
    FUNDGATE_ASSIGN_OR_RETURN(auto action, Split(word, "--action"));
    if (action.first == "log" || action.first == "alertmanager" || action.first == "webhook") {
      return absl::InvalidArgumentError(absl::StrCat("--action ", word, ": ", action.first,
                                                     " is the name of a receiver of alerts"));
    }
    FUNDGATE_ASSIGN_OR_RETURN(settings.actions[action.first],
                              ReadAddress("--action", action.second));
  }
  FUNDGATE_ASSIGN_OR_RETURN(settings.webhook, ReadAddress("--alert-webhook", settings.webhook));
  for (const std::string& word : settings.token_words) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto receiver, Split(word, "--token-file"));
    const bool known = (receiver.first == "alertmanager" && !settings.alertmanager.empty()) ||
                       (receiver.first == "webhook" && !settings.webhook.empty()) ||
                       settings.actions.contains(receiver.first);
    if (!known) {
      return absl::InvalidArgumentError(
          absl::StrCat("--token-file ", word, ": there is no receiver of that name"));
    }
    FUNDGATE_ASSIGN_OR_RETURN(settings.tokens[receiver.first],
                              ReadSecret("--token-file", receiver.second));
  }
  return absl::OkStatus();
}

}  // namespace fundgate::main
