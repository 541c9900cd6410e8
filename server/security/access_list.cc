#include "server/security/access_list.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "connection/guarded_file.h"
#include "fundgate/access/v1/access.pb.h"
#include "fundgate/types/status_macros.h"
#include "server/policy/document.h"
#include "server/policy/problem.h"

namespace fundgate::security {
namespace {

constexpr size_t kMaxNameBytes = 128;
constexpr int64_t kMaxCalls = 1'000'000;
constexpr std::string_view kGateItself = "fundgated";  // what the journal calls the gate

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

// One caller of the file, checked; problems are at its fields.
class Reading {
 public:
  Reading(const std::string& name, const access::v1::Caller& said, const policy::Places& places,
          policy::Problems& problems)
      : name_(name),
        path_(absl::StrCat("callers.", name)),
        said_(said),
        places_(places),
        problems_(problems) {}

  std::unique_ptr<Caller> Read() {
    auto caller = std::make_unique<Caller>();
    caller->name = name_;
    CheckName();
    for (const int role : said_.roles()) caller->roles.Add(static_cast<Role>(role));
    if (said_.roles().empty()) At(path_, "has no role; it needs at least one");
    if (said_.certificates().empty() && said_.token_hashes().empty()) {
      At(path_, "has neither certificates nor token_hashes; how is it to be known?");
    }
    caller->checkpoints =
        Scope("checkpoints", said_.checkpoints(), Role::ROLE_PAYMENT_SERVICE, caller->roles);
    caller->sources = Scope("sources", said_.sources(), Role::ROLE_SIDECAR, caller->roles);
    for (int i = 0; i < said_.token_hashes_size(); ++i) {
      const auto hash = connection::ParseTokenHash(said_.token_hashes(i));
      if (hash.ok()) {
        caller->tokens.push_back(*hash);
      } else {
        At(absl::StrCat(path_, ".token_hashes[", i, "]"), std::string(hash.status().message()));
      }
    }
    if (said_.has_limit()) caller->limit = ReadLimit();
    return caller;
  }

 private:
  void At(const std::string& path, std::string message) {
    problems_.AtKey(places_, path, absl::StrCat("'", name_, "': ", message));
  }

  void CheckName() {
    const bool plain = std::all_of(name_.begin(), name_.end(), [](char c) {
      return absl::ascii_isgraph(static_cast<unsigned char>(c));
    });
    if (name_.empty() || name_.size() > kMaxNameBytes || !plain) {
      At(path_, "a name has 1 to 128 letters, digits and signs, and no blanks");
    }
    if (name_ == kGateItself) At(path_, "is what the gate calls itself; take another name");
  }

  template <typename Names>
  std::vector<std::string> Scope(std::string_view field, const Names& names, Role role,
                                 RoleSet roles) {
    if (!names.empty() && !roles.Has(role)) {
      At(absl::StrCat(path_, ".", std::string(field)),
         absl::StrCat("means nothing without the role ", NamesOf({role})));
    }
    return {names.begin(), names.end()};
  }

  std::unique_ptr<TokenBucket> ReadLimit() {
    const int64_t per_second = said_.limit().per_second();
    const int64_t burst = said_.limit().burst() == 0 ? per_second : said_.limit().burst();
    if (per_second < 1 || per_second > kMaxCalls || burst < 1 || burst > kMaxCalls) {
      At(absl::StrCat(path_, ".limit"), "per_second and burst must be 1 to 1000000");
      return nullptr;
    }
    return std::make_unique<TokenBucket>(per_second, burst);
  }

  const std::string& name_;
  const std::string path_;
  const access::v1::Caller& said_;
  const policy::Places& places_;
  policy::Problems& problems_;
};

}  // namespace

bool Caller::MayAsk(std::string_view checkpoint) const { return Contains(checkpoints, checkpoint); }
bool Caller::MayFeed(std::string_view source) const { return Contains(sources, source); }

absl::StatusOr<std::shared_ptr<const AccessList>> AccessList::Parse(const std::string& text,
                                                                    const std::string& file) {
  policy::Problems problems(file);
  access::v1::Access said;
  const policy::Places places = policy::ReadYamlMessage(text, said, problems);
  auto list = std::make_shared<AccessList>();
  std::map<connection::TokenHash, std::string> hashes;
  // In the order of names: what is said of a wrong file is always the same.
  const std::map<std::string, access::v1::Caller> callers(said.callers().begin(),
                                                          said.callers().end());
  for (const auto& [name, caller] : callers) {
    list->callers_.push_back(Reading(name, caller, places, problems).Read());
    const Caller& read = *list->callers_.back();
    const std::string path = absl::StrCat("callers.", name);
    for (int i = 0; i < caller.certificates_size(); ++i) {
      const auto [other, added] = list->by_certificate_.emplace(caller.certificates(i), &read);
      if (added && !caller.certificates(i).empty()) continue;
      problems.AtValue(places, absl::StrCat(path, ".certificates[", i, "]"),
                       caller.certificates(i).empty()
                           ? "a name can't be empty"
                           : absl::StrCat("names ", other->second->name, " already"));
    }
    for (const connection::TokenHash& hash : read.tokens) {
      const auto [other, added] = hashes.emplace(hash, name);
      if (added) continue;
      problems.AtKey(places, path,
                     absl::StrCat("'", name, "': one of its tokens is ", other->second,
                                  "'s already; each token has one owner"));
    }
  }
  if (places.IsRead("callers") && callers.empty()) {
    problems.AtKey(places, "callers", "there is no caller; the gate would refuse everybody");
  }
  if (problems.empty()) return list;
  const std::vector<policy::Problem> found = std::move(problems).Take();
  return absl::InvalidArgumentError(policy::Render(found));
}

absl::StatusOr<std::shared_ptr<const AccessList>> AccessList::Read(const std::string& file) {
  FUNDGATE_ASSIGN_OR_RETURN(const std::string text,
                            connection::ReadGuardedFile(file, connection::Readers::kOwnerAndGroup));
  return Parse(text, file);
}

const Caller* AccessList::FindByToken(std::string_view token) const {
  const connection::TokenHash hash = connection::HashOf(token);
  const Caller* found = nullptr;
  for (const std::unique_ptr<Caller>& caller : callers_) {
    for (const connection::TokenHash& known : caller->tokens) {
      if (connection::SameHash(hash, known)) found = caller.get();
    }
  }
  return token.size() < connection::kMinTokenBytes ? nullptr : found;
}

const Caller* AccessList::FindByCertificate(std::span<const std::string> names) const {
  const Caller* found = nullptr;
  for (const std::string& name : names) {
    const auto it = by_certificate_.find(name);
    if (it == by_certificate_.end()) continue;
    if (found != nullptr && found != it->second) return nullptr;
    found = it->second;
  }
  return found;
}

}  // namespace fundgate::security
