// The parts of Validate(), one a section. Each looks at its own section and at what it refers to.
#ifndef SERVER_POLICY_VALIDATE_PARTS_H_
#define SERVER_POLICY_VALIDATE_PARTS_H_

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"
#include "server/expression/names.h"
#include "server/policy/problem.h"

namespace fundgate::policy {

struct Validation {
  const v1::Document& document;
  const Places& places;
  Problems& problems;

  void AtKey(std::string_view path, std::string message) const {
    problems.AtKey(places, path, std::move(message));
  }
  void AtValue(std::string_view path, std::string message, size_t offset = 0) const {
    problems.AtValue(places, path, std::move(message), offset);
  }
};

// Names of a map's entries, sorted.
template <typename Map>
std::vector<std::string> NamesOf(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, entry] : map) names.push_back(name);
  std::sort(names.begin(), names.end());
  return names;
}

// "there is no book 'ordr'; did you mean 'order'?"
inline std::string NoSuch(std::string_view what, std::string_view name,
                          const std::vector<std::string>& names, std::string_view where = "") {
  return "there is no " + std::string(what) + " '" + std::string(name) + "'" + std::string(where) +
         expression::NameHint(name, names);
}

// What places of several sections must be.
void CheckHosts(const Validation& validation, const std::string& path,
                const google::protobuf::RepeatedPtrField<std::string>& hosts, const char* port);
void CheckLogin(const Validation& validation, const std::string& path, const std::string& user,
                const std::string& password_file);
void CheckTableName(const Validation& validation, const std::string& path, const std::string& name);
void ValidateTls(const Validation& validation, const std::string& path, const v1::Tls& tls);

void ValidateBreakers(const Validation& validation);
// The matrix of one checkpoint: what it answers where it can't judge.
void ValidateDegradation(const Validation& validation, const std::string& path,
                         const v1::Checkpoint& checkpoint);
void ValidateFacts(const Validation& validation);
void ValidateResponses(const Validation& validation);
void ValidateRules(const Validation& validation);
void ValidateSensitive(const Validation& validation);
void ValidateSources(const Validation& validation);
void ValidateWindows(const Validation& validation);
void ValidateKafka(const Validation& validation, const std::string& path, const v1::Source& source);
void ValidateVerification(const Validation& validation);
void ValidateTests(const Validation& validation);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_VALIDATE_PARTS_H_
