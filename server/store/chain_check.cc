#include "server/store/chain_check.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fundgate/types/status_macros.h"
#include "server/store/database.h"
#include "server/store/head.h"
#include "server/store/journal_cut.h"
#include "server/store/journal_scan.h"

namespace fundgate::store {
namespace {

absl::StatusOr<ChainReport> Walk(const Database& database, const ChainVisit& visit) {
  ChainReport report;
  FUNDGATE_ASSIGN_OR_RETURN(const Head head, ReadHead(database));
  FUNDGATE_ASSIGN_OR_RETURN(report.cut, ReadJournalCut(database, {}));
  report.last = report.cut.first - 1;
  if (report.cut.exists() && visit) {
    if (report.cut.first > 2) visit(1, report.cut.origin_hash);
    visit(report.cut.first - 1, report.cut.before_hash);
  }
  const absl::Status walked =
      ScanJournal(database, {}, 1, head.clock.sequence, [&](const JournalEntry& entry) {
        report.last = entry.sequence;
        report.last_hash = entry.hash;
        if (visit) visit(entry.sequence, entry.hash);
        return true;
      });
  if (!walked.ok() && !absl::IsDataLoss(walked)) return walked;
  if (!walked.ok()) {
    report.damaged = report.last + 1;
    report.damage = std::string(walked.message());
  } else if (!report.last_hash.empty() && report.last_hash != AsBytes(head.hash)) {
    report.damaged = report.last;
    report.damage = absl::StrCat("journal record ", report.last,
                                 ": its hash is not the one that the journal's head has");
  }
  return report;
}

}  // namespace

absl::StatusOr<ChainReport> CheckChain(const Options& options, const ChainVisit& visit) {
  absl::StatusOr<std::unique_ptr<Database>> whole =
      Database::Open(options, Database::Access::kReadOnlyWhole);
  if (whole.ok()) return Walk(**whole, visit);
  if (!absl::IsDataLoss(whole.status())) return whole.status();
  // What is before the damage can be read all the same.
  FUNDGATE_ASSIGN_OR_RETURN(const std::unique_ptr<Database> readable,
                            Database::Open(options, Database::Access::kReadOnly));
  FUNDGATE_ASSIGN_OR_RETURN(ChainReport report, Walk(*readable, visit));
  if (report.damaged == 0) {
    report.damaged = report.last + 1;
    report.damage = absl::StrCat(
        "journal record ", report.damaged, " and those after it can't be read (",
        whole.status().message(),
        "). If the machine lost power while the gate ran, start the gate once and verify again");
  }
  return report;
}

}  // namespace fundgate::store
