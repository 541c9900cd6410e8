// Whom a gate tells of alerts, and whom it calls: process settings.
#ifndef SERVER_MAIN_ALERT_SETTINGS_H_
#define SERVER_MAIN_ALERT_SETTINGS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name
class App;
}  // namespace CLI

namespace fundgate::main {

struct AlertSettings {
  std::string alertmanager;                    // its address; empty: none
  std::string webhook;                         // empty: none
  std::map<std::string, std::string> actions;  // addresses of endpoints, by name
  std::map<std::string, std::string> tokens;   // by receiver; see ReadTokens
  std::string ca_file;                         // empty: the system's authorities
  double timeout_seconds = 5;                  // of one attempt, 0.1-60
  double longest_wait_seconds = 30;            // between attempts, 1-3600
  double repeat_seconds = 60;                  // open groups to the Alertmanager, 1-3600

  // As given: NAME=URL and RECEIVER=FILE.
  std::vector<std::string> action_words;
  std::vector<std::string> token_words;
};

void DeclareAlertSettings(CLI::App& app, AlertSettings& settings);

// Takes the words apart and reads the tokens from their files. INVALID_ARGUMENT naming the option.
absl::Status ReadTokens(AlertSettings& settings);

}  // namespace fundgate::main

#endif  // SERVER_MAIN_ALERT_SETTINGS_H_
