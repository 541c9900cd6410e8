#include "server/main/chain_verification.h"

#include <ostream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "anchor/anchors.h"
#include "anchor/keys.h"
#include "fundgate/types/status_macros.h"
#include "server/main/read_file.h"
#include "server/store/chain_check.h"

namespace fundgate::main {
namespace {

absl::StatusOr<std::vector<anchor::PublicKey>> ReadKeys(const std::vector<std::string>& files) {
  std::vector<anchor::PublicKey> keys;
  for (const std::string& file : files) {
    FUNDGATE_ASSIGN_OR_RETURN(const std::string pem, ReadFile("--public-key", file));
    absl::StatusOr<anchor::PublicKey> key = anchor::PublicKey::FromPem(pem);
    if (!key.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--public-key ", file, ": ", key.status().message()));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

}  // namespace

absl::StatusOr<bool> VerifyChain(const ChainVerification& settings, std::ostream& out) {
  anchor::Anchors anchors;
  std::vector<size_t> others;
  if (!settings.anchors_file.empty()) {
    FUNDGATE_ASSIGN_OR_RETURN(const auto keys, ReadKeys(settings.public_keys));
    FUNDGATE_ASSIGN_OR_RETURN(anchors, anchor::Anchors::Read(settings.anchors_file));
    others = anchors.KeepSignedBy(keys);
  }
  store::Options options;
  options.directory = settings.directory;
  FUNDGATE_ASSIGN_OR_RETURN(
      const store::ChainReport report,
      store::CheckChain(options, [&anchors](Sequence sequence, std::string_view hash) {
        anchors.Found(sequence, hash);
      }));
  const bool sound = report.damaged == 0;
  if (sound) {
    out << "fundgated: the chain of " << report.last << " records is sound, newest hash "
        << absl::BytesToHexString(report.last_hash) << "\n";
  } else {
    out << "fundgated: DAMAGED at record " << report.damaged << ": " << report.damage << "\n";
  }
  if (settings.anchors_file.empty()) return sound;
  if (!others.empty()) {
    out << "fundgated: " << settings.anchors_file << ": what stands in line "
        << absl::StrJoin(others, ", ") << " was changed, or was signed by another key\n";
  }
  const anchor::Comparison compared = anchors.Conclude(report.last, sound);
  if (compared.sound()) {
    out << "fundgated: " << compared.agreeing << " of " << anchors.size()
        << " anchors agree, the newest at record " << compared.newest << "\n";
  } else {
    out << "fundgated: REWRITTEN: " << compared.problem << "\n";
  }
  return sound && others.empty() && compared.sound();
}

}  // namespace fundgate::main
