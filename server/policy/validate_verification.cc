#include <string>

#include "absl/strings/str_cat.h"
#include "server/policy/validate_parts.h"

namespace fundgate::policy {

void ValidateVerification(const Validation& v) {
  const auto refuse = [&v](const std::string& section) {
    if (!v.places.Has(section)) return;
    v.AtKey(section, absl::StrCat("the section '", section,
                                  "' is not yet supported by this version; remove it until it is"));
  };
  for (const char* section : {"matches", "chains", "transitions", "guards"}) refuse(section);
}

}  // namespace fundgate::policy
