// Old records that are dropped, and what proves them afterwards.
#include "server/store/journal_cut.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/decision.h"
#include "server/store/chain_check.h"
#include "server/store/verify.h"
#include "tests/core/world.h"
#include "tests/store/power_loss_file_system.h"
#include "tests/store/store_world.h"
#include "tests/store/tampering.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

constexpr Sequence kBegun = 3;  // policy, epoch and a payment

// The next batch of the source: a payment that nobody asked about leaves no decision.
core::IngestInput NextPayment(const StoreWorld& world) {
  const core::Source source =
      world.store().state().resident().of<core::Sources>().at(SourceName("ledger"));
  const Sequence number = world.store().state().resident().clock.sequence + 1;
  core::IngestInput payment;
  payment.source = SourceName("ledger");
  payment.epoch = source.epoch;
  payment.previous = source.position;
  payment.position = Position::Parse(absl::StrCat("ledger:", number)).value();
  core::MovementEvent change;
  change.kind = MovementKind("payment");
  change.row = {"payment", absl::StrCat(number)};
  change.after =
      core::testing::Row{.key = absl::StrCat("p", number), .amount = "CNY 1.00"}.ToContribution();
  payment.events = {core::Event{absl::StrCat("ledger:", number, "/0"), world.now(), change}};
  payment.probe = core::Probe{payment.position, world.now()};
  return payment;
}

class JournalCuts : public ::testing::Test {
 protected:
  JournalCuts() { world_.Begin(); }

  void Pay(int times) {
    for (int i = 0; i < times; ++i) {
      world_.Advance(absl::Hours(1));
      world_.Put(NextPayment(world_));
    }
  }

  Sequence newest() const { return world_.store().view()->resident().clock.sequence; }

  // Everything up to the newest record is old enough.
  CutOptions All() const {
    CutOptions options;
    options.before = world_.now() + absl::Hours(1);
    options.now = world_.now();
    return options;
  }

  CutReport Cut(const CutOptions& options) {
    const absl::StatusOr<CutReport> report = world_.store().CutJournal(options);
    EXPECT_TRUE(report.ok()) << report.status();
    world_.Reopen();  // views show a cut from the next group on, or after a restart
    return report.value_or(CutReport{});
  }

  std::vector<Sequence> Scan(Sequence first) const {
    std::vector<Sequence> found;
    const absl::Status scanned =
        world_.store().view()->ScanJournal(first, [&found](const JournalEntry& entry) {
          found.push_back(entry.sequence);
          return true;
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    return found;
  }

  void CopyTo(const std::string& name) {
    const absl::Status copied = world_.store().Checkpoint(folder_.path() + "/" + name);
    ASSERT_TRUE(copied.ok()) << copied;
  }

  absl::StatusOr<VerifyReport> VerifySince(const std::string& name) {
    world_.Close();
    const auto report =
        VerifyByReplay(options_, nullptr, name.empty() ? "" : folder_.path() + "/" + name);
    world_.Reopen();
    return report;
  }

  TemporaryFolder folder_;
  Options options_ = OptionsFor(folder_.path());
  StoreWorld world_{options_};
};

TEST_F(JournalCuts, RecordsThatAreOldEnoughGoAndTheChainGoesOnFromThere) {
  Pay(20);
  const JournalEntry origin = world_.store().view()->GetJournalEntry(1).value();
  const std::string tenth = world_.store().view()->GetJournalEntry(10).value().hash;
  CutOptions options = All();
  options.before = world_.store().view()->GetJournalEntry(11).value().input.time;
  const CutReport report = Cut(options);
  EXPECT_EQ(report.dropped, 10U);
  EXPECT_EQ(report.first, 11U);
  EXPECT_EQ(report.held_back, 0U);
  const JournalCut cut = world_.store().view()->GetJournalCut().value();
  EXPECT_EQ(cut.before_hash, tenth);
  EXPECT_EQ(cut.origin_hash, origin.hash);
  EXPECT_EQ(cut.begun, origin.input.time);
  EXPECT_LT(cut.ended, options.before);
  EXPECT_EQ(Scan(1).front(), 11U);
  EXPECT_EQ(Scan(1).size(), 13U);
  EXPECT_EQ(Scan(15).front(), 15U);
  EXPECT_EQ(world_.store().view()->GetJournalEntry(11).value().previous_hash, tenth);
  EXPECT_EQ(world_.store().view()->GetJournalEntry(10).status().code(),
            absl::StatusCode::kNotFound);

  world_.Reopen();
  Pay(1);
  world_.Close();
  std::vector<Sequence> told;
  const auto chain = CheckChain(options_, [&](Sequence sequence, std::string_view hash) {
    told.push_back(sequence);
    EXPECT_TRUE(sequence != 10 || hash == tenth);
    EXPECT_TRUE(sequence != 1 || hash == origin.hash);
  });
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_EQ(chain->damaged, 0U) << chain->damage;
  EXPECT_EQ(chain->cut.first, 11U);
  EXPECT_EQ(chain->last, 24U);
  EXPECT_EQ(std::vector<Sequence>(told.begin(), told.begin() + 3),
            (std::vector<Sequence>{1, 10, 11}));
}

TEST_F(JournalCuts, TheNewestRecordAlwaysStaysAndACutMayFollowACut) {
  Pay(5);
  EXPECT_EQ(Cut(All()).dropped, newest() - 1);
  EXPECT_EQ(Cut(All()).dropped, 0U);
  const JournalCut first = world_.store().view()->GetJournalCut().value();
  Pay(5);
  EXPECT_EQ(Cut(All()).dropped, 5U);
  const JournalCut second = world_.store().view()->GetJournalCut().value();
  EXPECT_EQ(second.origin_hash, first.origin_hash);
  EXPECT_EQ(second.begun, first.begun);
  EXPECT_GT(second.first, first.first);
  world_.Reopen();
  Pay(1);
}

TEST_F(JournalCuts, ACutIsNotMadeTwiceBeforeViewsShowIt) {
  Pay(10);
  CutOptions options = All();
  options.most = 4;
  EXPECT_EQ(world_.store().CutJournal(options)->first, 5U);
  EXPECT_EQ(world_.store().CutJournal(options)->first, 9U);
  Pay(1);
  EXPECT_EQ(Scan(1).front(), 9U);
}

TEST_F(JournalCuts, ADecisionOfAKeptKeyHoldsBackItsRecordAndAllAfterIt) {
  Pay(5);
  const auto decision = std::get<core::Decision>(world_.Put(world_.NewCheck("r1")));
  Pay(5);
  const CutReport report = Cut(All());
  const Sequence stands_in = decision.id.sequence();
  EXPECT_EQ(report.first, stands_in);
  EXPECT_EQ(report.held_back, newest() - stands_in);
  EXPECT_EQ(report.needed_by, "the key refund r1");
  EXPECT_TRUE(world_.store().view()->GetJournalEntry(stands_in).ok());
  EXPECT_EQ(Cut(All()).dropped, 0U) << "the same for as long as the key is kept";
}

TEST_F(JournalCuts, AReaderThatLagsHoldsBackWhatItHasNotRead) {
  Pay(10);
  CutOptions options = All();
  options.keep_from = 6;
  const CutReport report = Cut(options);
  EXPECT_EQ(report.first, 6U);
  EXPECT_EQ(report.held_back, newest() - 6);
  EXPECT_THAT(report.needed_by, HasSubstr("outward"));
}

TEST_F(JournalCuts, TooFewAreLeftAndTooManyAreCutInTwo) {
  Pay(10);
  CutOptions options = All();
  options.fewest = 100;
  EXPECT_EQ(Cut(options).dropped, 0U);
  options.fewest = 1;
  options.most = 4;
  EXPECT_EQ(Cut(options).dropped, 4U);
  EXPECT_EQ(Cut(options).dropped, 4U);
  EXPECT_EQ(Scan(1).front(), 9U);
}

TEST_F(JournalCuts, NothingIsDroppedThatCantBeSealed) {
  Pay(5);
  CutOptions options = All();
  options.seal = [](JournalCut&) { return absl::InternalError("no signature"); };
  EXPECT_EQ(world_.store().CutJournal(options).status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Scan(1).front(), 1U);
  options.seal = [](JournalCut& cut) {
    cut.signature = absl::StrCat("over ", cut.first);
    return absl::OkStatus();
  };
  const CutReport report = Cut(options);
  EXPECT_EQ(world_.store().view()->GetJournalCut().value().signature,
            absl::StrCat("over ", report.first));
}

TEST_F(JournalCuts, AViewThatIsOlderReadsOn) {
  Pay(5);
  const std::shared_ptr<const View> before = world_.store().view();
  EXPECT_EQ(world_.store().CutJournal(All())->dropped, newest() - 1);
  Pay(1);
  EXPECT_TRUE(world_.store().view()->GetJournalCut()->exists());
  size_t read = 0;
  EXPECT_TRUE(before
                  ->ScanJournal(1,
                                [&read](const JournalEntry& entry) {
                                  EXPECT_EQ(entry.sequence, ++read);
                                  return true;
                                })
                  .ok());
  EXPECT_EQ(read, kBegun + 5);
  EXPECT_FALSE(before->GetJournalCut().value().exists());
}

TEST_F(JournalCuts, WhereItBeginsCantBeMovedOrForgotten) {
  Pay(10);
  CutOptions options = All();
  options.most = 5;
  Cut(options);
  world_.Close();
  std::string original;
  // Forgotten: the first records seem to be missing.
  Tamper(options_, [&](Database& database) {
    original = database.Get(kMeta, kCutKey)->value();
    ASSERT_TRUE(database.db().Delete({}, database.family(kMeta), "cut").ok());
  });
  EXPECT_EQ(CheckChain(options_, nullptr)->damaged, 1U);
  EXPECT_FALSE(Store::Open(options_).ok());
  // Another hash: the first kept record doesn't follow on it.
  Tamper(options_, [&](Database& database) {
    std::string other = original;
    other[5] = static_cast<char>(other[5] ^ 1);
    ASSERT_TRUE(database.db().Put({}, database.family(kMeta), "cut", other).ok());
  });
  EXPECT_EQ(CheckChain(options_, nullptr)->damaged, 6U);
  Tamper(options_, [&](Database& database) {
    ASSERT_TRUE(database.db().Put({}, database.family(kMeta), "cut", "x").ok());
  });
  EXPECT_TRUE(absl::IsDataLoss(Store::Open(options_).status()));
  Tamper(options_, [&](Database& database) {
    ASSERT_TRUE(database.db().Put({}, database.family(kMeta), "cut", original).ok());
  });
  EXPECT_EQ(CheckChain(options_, nullptr)->damaged, 0U);
  world_.Reopen();
}

TEST_F(JournalCuts, AReplayNeedsACopyFromAfterTheCutAndThenProvesTheRest) {
  Pay(3);
  CopyTo("too_old");
  Pay(5);
  world_.Put(world_.NewCheck("r1"));
  CopyTo("copy");
  Pay(5);
  world_.Put(world_.NewCheck("r2"));
  // Before the cut the whole journal is judged, or what came since the copy.
  EXPECT_EQ(VerifySince("")->difference, "");
  EXPECT_EQ(VerifySince("too_old")->difference, "");
  CutOptions options = All();
  options.most = 8;
  EXPECT_EQ(Cut(options).dropped, 8U);
  const auto whole = VerifySince("");
  EXPECT_EQ(whole.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(whole.status().message()), HasSubstr("begins with record 9"));
  EXPECT_EQ(VerifySince("too_old").status().code(), absl::StatusCode::kFailedPrecondition);
  const auto since = VerifySince("copy");
  ASSERT_TRUE(since.ok()) << since.status();
  EXPECT_EQ(since->difference, "");
  EXPECT_EQ(since->since, 12U);
  EXPECT_EQ(since->records, newest());
  EXPECT_GT(since->compared, 10U);
}

TEST_F(JournalCuts, AReplaySinceACopyFindsWhatIsStoredOtherwise) {
  Pay(5);
  CopyTo("copy");
  Pay(5);
  world_.Close();
  Tamper(options_, [](Database& database) {
    const std::unique_ptr<rocksdb::Iterator> books = database.Iterate(kBooks);
    books->SeekToFirst();
    ASSERT_TRUE(books->Valid());
    std::string book = books->value().ToString();
    book.back() = static_cast<char>(book.back() ^ 2);
    ASSERT_TRUE(database.db().Put({}, database.family(kBooks), books->key(), book).ok());
  });
  const auto report = VerifyByReplay(options_, nullptr, folder_.path() + "/copy");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->difference, HasSubstr("book"));
}

TEST_F(JournalCuts, ACopyOfAnotherJournalIsRefused) {
  Pay(5);
  TemporaryFolder elsewhere;
  StoreWorld other(OptionsFor(elsewhere.path()));
  other.Begin();
  other.Close();
  world_.Close();
  // Both begin alike; they differ from where a payment was made at another time.
  StoreWorld third(OptionsFor(elsewhere.path()));
  third.Advance(absl::Hours(7));
  third.Put(NextPayment(third));
  third.Close();
  const auto refused = VerifyByReplay(options_, nullptr, OptionsFor(elsewhere.path()).directory);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("is no copy of"));
}

TEST(JournalCutsAndPower, ACutIsThereWholeOrNotAtAllWhenPowerIsLost) {
  TemporaryFolder folder;
  auto system = std::make_shared<PowerLossFileSystem>();
  Options options = OptionsFor(folder.path());
  options.file_system = system;
  StoreWorld world(options);
  world.Begin();
  Sequence first = 1;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 5; ++i) world.Put(NextPayment(world));
    world.Append(NextPayment(world));
    EXPECT_TRUE(world.Write().ok());
    CutOptions cut;
    cut.before = world.now() + absl::Hours(1);
    cut.now = world.now();
    cut.most = 3;
    const absl::StatusOr<CutReport> report = world.store().CutJournal(cut);
    ASSERT_TRUE(report.ok()) << report.status();
    system->CutPower();
    EXPECT_FALSE(world.store().CutJournal(cut).ok());
    world.Close();
    system->Restore();
    world.Reopen();
    const JournalCut found = world.store().view()->GetJournalCut().value();
    EXPECT_EQ(found.first, report->first) << "what was told to be done is done";
    EXPECT_EQ(found.first, first + 3);
    first = found.first;
    EXPECT_TRUE(
        world.store().view()->ScanJournal(1, [](const JournalEntry&) { return true; }).ok());
  }
}

constexpr char kFolderVariable[] = "FUNDGATE_TEST_CUT_FOLDER";
constexpr char kPipeVariable[] = "FUNDGATE_TEST_CUT_PIPE";

// Five rounds; in the process that the next test kills, round after round in a folder of that
// test's, each of them told. (RocksDB needs a process of its own making, so that process is this
// program, started with this test alone.)
TEST(JournalCutsByTurns, WritesAndCutsGoOnOneAfterAnother) {
  const TemporaryFolder own;
  const char* folder = std::getenv(kFolderVariable);
  const char* pipe = std::getenv(kPipeVariable);
  const Options options = OptionsFor(folder != nullptr ? folder : own.path());
  StoreWorld world(options);
  if (folder == nullptr) world.Begin();
  world.Advance(world.store().view()->resident().clock.time - world.now());
  for (char done = 0; folder != nullptr || done < 5; ++done) {
    for (int i = 0; i < 4; ++i) world.Put(NextPayment(world));
    CutOptions cut;
    cut.before = world.now() + absl::Hours(1);
    cut.now = world.now();
    cut.most = 3;
    EXPECT_EQ(world.store().CutJournal(cut)->dropped, 3U);
    if (pipe != nullptr && ::write(std::atoi(pipe), &done, 1) != 1) ::_exit(1);
  }
  world.Close();
  const ChainReport report = CheckChain(options, nullptr).value();
  EXPECT_EQ(report.damaged, 0U) << report.damage;
  EXPECT_EQ(report.cut.first, 16U);
  EXPECT_EQ(report.last, kBegun + 20);
}

pid_t StartTurns(const std::string& folder, int pipe) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setenv(kFolderVariable, folder.c_str(), 1);
  ::setenv(kPipeVariable, std::to_string(pipe).c_str(), 1);
  ::execl("/proc/self/exe", "journal_cut", "--gtest_filter=JournalCutsByTurns.*", nullptr);
  ::_exit(1);
}

// Whatever moment it is killed at, what it leaves is sound.
TEST(JournalCutsAndPower, AProcessKilledInTheMiddleLeavesASoundJournal) {
  TemporaryFolder folder;
  const Options options = OptionsFor(folder.path());
  {
    StoreWorld world(options);
    world.Begin();
  }
  Sequence first = 1;
  int moved = 0;
  for (int round = 0; round < 15; ++round) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = StartTurns(folder.path(), ready[1]);
    ASSERT_GT(child, 0);
    ::close(ready[1]);
    // It is at a different place of its round each time: after so many rounds, at once.
    for (int i = 0; i <= round % 4; ++i) {
      char done = 0;
      ASSERT_EQ(::read(ready[0], &done, 1), 1);
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    ::close(ready[0]);
    const absl::StatusOr<ChainReport> report = CheckChain(options, nullptr);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->damaged, 0U) << report->damage;
    EXPECT_GE(report->cut.first, first);
    moved += report->cut.first > first ? 1 : 0;
    first = report->cut.first;
    StoreWorld world(options);  // recovers, and checks its tail
  }
  EXPECT_EQ(moved, 15);
}

}  // namespace
}  // namespace fundgate::store::testing
