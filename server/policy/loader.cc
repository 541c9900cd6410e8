#include "server/policy/loader.h"

#include <utility>

#include "server/policy/compile.h"
#include "server/policy/document.h"
#include "server/policy/validate.h"

namespace fundgate::policy {
namespace {

LoadResult Load(std::string_view text, std::string_view file_name, bool is_new) {
  Problems problems{std::string(file_name)};
  ReadDocument read = ReadPolicyDocument(text, problems);
  if (read.places.HasAny()) {
    Validate(read.document, read.places, problems);
    if (is_new) ValidateAsNew(read.document, read.places, problems);
  }
  LoadResult result;
  result.problems = std::move(problems).Take();
  if (!result.problems.empty()) return result;
  std::shared_ptr<const core::Policy> policy = Compile(read.document);
  result.loaded = LoadedPolicy{std::string(file_name), std::move(read.document),
                               std::move(read.places), std::move(policy)};
  return result;
}

}  // namespace

LoadResult LoadPolicy(std::string_view text, std::string_view file_name) {
  return Load(text, file_name, true);
}

LoadResult LoadAppliedPolicy(std::string_view text, std::string_view file_name) {
  return Load(text, file_name, false);
}

}  // namespace fundgate::policy
