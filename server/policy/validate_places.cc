// Where sources are: hosts, logins, TLS, tables' names.
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {
namespace {

bool IsHostAndPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  return colon != std::string_view::npos && colon > 0 &&
         absl::SimpleAtoi(std::string(text.substr(colon + 1)), &port) && port > 0 && port <= 65535;
}

bool NamesDatabaseAndTable(const std::string& name) {
  const size_t dot = name.find('.');
  return dot != std::string::npos && dot > 0 && dot + 1 < name.size() &&
         name.find('.', dot + 1) == std::string::npos;
}

}  // namespace

void ValidateTls(const Validation& v, const std::string& path, const v1::Tls& tls) {
  for (const auto& [field, file] :
       {std::pair{"ca_file", &tls.ca_file()}, std::pair{"cert_file", &tls.cert_file()},
        std::pair{"key_file", &tls.key_file()}}) {
    const std::string place = absl::StrCat(path, ".", field);
    if (!absl::StartsWith(*file, "/") && v.places.IsRead(place)) {
      v.AtValue(place, absl::StrCat(field, " must be an absolute path: the sidecar may be started ",
                                    "anywhere"));
    }
  }
  if (tls.cert_file().empty() != tls.key_file().empty()) {
    v.AtValue(path, "cert_file and key_file belong together: set both or none");
  }
}

void CheckHosts(const Validation& v, const std::string& path,
                const google::protobuf::RepeatedPtrField<std::string>& hosts, const char* port) {
  for (int i = 0; i < hosts.size(); ++i) {
    if (!IsHostAndPort(hosts[i])) {
      v.AtValue(absl::StrCat(path, "[", i, "]"),
                absl::StrCat("'", hosts[i], "' is no host:port, like 127.0.0.1:", port));
    }
  }
  if (hosts.empty() && v.places.IsRead(path)) v.AtValue(path, "at least one host is needed");
}

void CheckLogin(const Validation& v, const std::string& path, const std::string& user,
                const std::string& password_file) {
  if (user.empty() && v.places.IsRead(path + ".user")) {
    v.AtValue(path + ".user", "user must not be empty");
  }
  if (!absl::StartsWith(password_file, "/") && v.places.IsRead(path + ".password_file")) {
    v.AtValue(path + ".password_file",
              "password_file must be an absolute path: the sidecar may be started anywhere");
  }
}

void CheckTableName(const Validation& v, const std::string& path, const std::string& name) {
  if (NamesDatabaseAndTable(name) || !v.places.IsRead(path)) return;
  v.AtValue(path, absl::StrCat("'", name, "' must name database and table, like pay.refund"));
}

}  // namespace fundgate::policy
