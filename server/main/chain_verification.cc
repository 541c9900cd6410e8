#include "server/main/chain_verification.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "anchor/anchors.h"
#include "anchor/keys.h"
#include "fundgate/types/status_macros.h"
#include "google/protobuf/util/time_util.h"
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

// Where the journal begins, if its oldest records were dropped. False if keys are given, and none
// of them has signed that.
bool TellCut(const store::JournalCut& cut, const std::vector<anchor::PublicKey>& keys,
             std::ostream& out) {
  if (!cut.exists()) return true;
  v1::JournalAnchor last_dropped;
  last_dropped.set_journal(cut.origin_hash);
  last_dropped.set_sequence(cut.first - 1);
  last_dropped.set_hash(cut.before_hash);
  *last_dropped.mutable_time() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(cut.ended));
  last_dropped.set_signature(cut.signature);
  const bool is_signed = std::any_of(
      keys.begin(), keys.end(),
      [&last_dropped](const anchor::PublicKey& key) { return key.HasSigned(last_dropped); });
  out << "fundgated: the journal begins with record " << cut.first << "; the " << cut.first - 1
      << " before it, of " << absl::FormatTime(cut.begun, absl::UTCTimeZone()) << " to "
      << absl::FormatTime(cut.ended, absl::UTCTimeZone()) << ", were dropped by its retention at "
      << absl::FormatTime(cut.cut_at, absl::UTCTimeZone()) << ". The last of them had the hash "
      << absl::BytesToHexString(cut.before_hash)
      << (keys.empty() ? ""
          : is_signed  ? ", signed by the key"
                       : ", NOT SIGNED by the key")
      << "\n";
  return keys.empty() || is_signed;
}

}  // namespace

absl::StatusOr<bool> VerifyChain(const ChainVerification& settings, std::ostream& out) {
  anchor::Anchors anchors;
  std::vector<size_t> others;
  FUNDGATE_ASSIGN_OR_RETURN(const auto keys, ReadKeys(settings.public_keys));
  if (!settings.anchors_file.empty()) {
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
    out << "fundgated: the chain of " << report.last - report.cut.first + 1
        << " records is sound, newest hash " << absl::BytesToHexString(report.last_hash) << "\n";
  } else {
    out << "fundgated: DAMAGED at record " << report.damaged << ": " << report.damage << "\n";
  }
  const bool cut_is_proven = TellCut(report.cut, keys, out);
  if (settings.anchors_file.empty()) return sound && cut_is_proven;
  anchors.BeginsAt(report.cut.first);
  if (!others.empty()) {
    out << "fundgated: " << settings.anchors_file << ": what stands in line "
        << absl::StrJoin(others, ", ") << " was changed, or was signed by another key\n";
  }
  const anchor::Comparison compared = anchors.Conclude(report.last, sound);
  if (compared.sound()) {
    out << "fundgated: " << compared.agreeing << " of " << anchors.size()
        << " anchors agree, the newest at record " << compared.newest
        << (compared.dropped == 0 ? ""
                                  : absl::StrCat("; ", compared.dropped, " are of dropped records"))
        << "\n";
  } else {
    out << "fundgated: REWRITTEN: " << compared.problem << "\n";
  }
  return sound && cut_is_proven && others.empty() && compared.sound();
}

}  // namespace fundgate::main
