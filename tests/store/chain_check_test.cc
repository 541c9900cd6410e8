// The journal's chain, checked on disk: whatever was done to it is named.
#include "server/store/chain_check.h"

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/journal_scan.h"
#include "server/store/keys.h"
#include "tests/store/store_world.h"
#include "tests/store/tampering.h"
#include "tests/store/written_bytes.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

constexpr Sequence kLast = 23;  // policy, epoch, payment, and 20 checks

class ChainCheck : public ::testing::Test {
 protected:
  ChainCheck() {
    world_.Begin();
    for (int i = 0; i < 20; ++i) world_.Put(world_.NewCheck(absl::StrCat("r", i)));
    world_.Close();
  }

  ChainReport Check() const {
    const absl::StatusOr<ChainReport> report = CheckChain(options_, nullptr);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(ChainReport{});
  }

  TemporaryFolder folder_;
  Options options_ = OptionsFor(folder_.path());
  StoreWorld world_{options_};
};

TEST_F(ChainCheck, ASoundChainIsSoundAndItsHashesAreTold) {
  std::vector<Sequence> told;
  const absl::StatusOr<ChainReport> report =
      CheckChain(options_, [&told](Sequence sequence, std::string_view hash) {
        told.push_back(sequence);
        EXPECT_EQ(hash.size(), 32U);
      });
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->damaged, 0U);
  EXPECT_EQ(report->last, kLast);
  EXPECT_EQ(told.size(), kLast);
}

// The first record that a scan of an open database objects to; 0: none.
Sequence FirstDamaged(const Database& database) {
  Sequence sound = 0;
  const absl::Status scanned =
      ScanJournal(database, {}, 1, kLast, [&sound](const JournalEntry& entry) {
        sound = entry.sequence;
        return true;
      });
  EXPECT_TRUE(scanned.ok() || absl::IsDataLoss(scanned)) << scanned;
  return scanned.ok() ? 0 : sound + 1;
}

TEST_F(ChainCheck, AnyByteOfAnyRecordNamesThatRecord) {
  Tamper(options_, [](Database& database) {
    for (Sequence sequence = 1; sequence <= kLast; ++sequence) {
      const std::string original = JournalBytes(database, sequence);
      for (size_t place = 0; place < original.size(); ++place) {
        std::string damaged = original;
        damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
        PutJournalBytes(database, sequence, damaged);
        ASSERT_EQ(FirstDamaged(database), sequence) << "byte " << place;
      }
      PutJournalBytes(database, sequence, original);
    }
    EXPECT_EQ(FirstDamaged(database), 0U);
  });
}

TEST_F(ChainCheck, OneByteIsReportedWithItsRecord) {
  Tamper(options_, [](Database& database) {
    std::string damaged = JournalBytes(database, 12);
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    PutJournalBytes(database, 12, damaged);
  });
  const ChainReport report = Check();
  EXPECT_EQ(report.damaged, 12U);
  EXPECT_EQ(report.last, 11U);
  EXPECT_THAT(report.damage, HasSubstr("journal record 12: its hash does not follow"));
}

TEST_F(ChainCheck, ARemovedRecordIsNamed) {
  for (const Sequence removed : {Sequence{1}, Sequence{9}, kLast}) {
    std::string original;
    Tamper(options_, [&](Database& database) {
      original = JournalBytes(database, removed);
      ASSERT_TRUE(database.db().Delete({}, database.family(kJournal), SequenceKey(removed)).ok());
    });
    const ChainReport report = Check();
    EXPECT_EQ(report.damaged, removed);
    EXPECT_THAT(report.damage, HasSubstr("is missing"));
    Tamper(options_, [&](Database& database) { PutJournalBytes(database, removed, original); });
  }
}

TEST_F(ChainCheck, TwoRecordsThatChangedPlacesAreNamedWithWhereTheyBelong) {
  Tamper(options_, [](Database& database) {
    const std::string eight = JournalBytes(database, 8);
    PutJournalBytes(database, 8, JournalBytes(database, 14));
    PutJournalBytes(database, 14, eight);
  });
  const ChainReport report = Check();
  EXPECT_EQ(report.damaged, 8U);
  EXPECT_THAT(report.damage, HasSubstr("its bytes say that they are record 14's"));
}

TEST_F(ChainCheck, ARecordBeyondTheHeadIsNamed) {
  Tamper(options_, [](Database& database) {
    PutJournalBytes(database, kLast + 1, JournalBytes(database, kLast));
  });
  const ChainReport report = Check();
  EXPECT_EQ(report.damaged, kLast + 1);
  EXPECT_THAT(report.damage, HasSubstr("beyond the head"));
}

TEST_F(ChainCheck, AHeadOfAnotherHashIsNamed) {
  Tamper(options_, [](Database& database) {
    std::string head = database.Get(kMeta, "head")->value();
    head[3] = static_cast<char>(head[3] ^ 1);
    ASSERT_TRUE(database.db().Put({}, database.family(kMeta), "head", head).ok());
  });
  EXPECT_EQ(Check().damaged, kLast);
}

TEST_F(ChainCheck, ARewrittenTailIsSoundByItself) {
  // Why there are anchors: see tests/anchor.
  Tamper(options_, [](Database& database) {
    RewriteTail(database, 15, [](core::Input& input) {
      std::get<core::CheckInput>(input.body).amount.minor_units = 1;
    });
  });
  EXPECT_EQ(Check().damaged, 0U);
}

TEST_F(ChainCheck, OneByteOfTheWriteAheadLogNamesTheFirstRecordThatCantBeRead) {
  const std::vector<std::string> logs = FilesOf(options_, ".log");
  ASSERT_FALSE(logs.empty());
  const uint64_t size = WrittenBytes(logs.front());
  ASSERT_GT(size, 5'000U);
  Sequence before = 0;
  for (uint64_t offset = 0; offset < size; offset += size / 29) {
    FlipByte(logs.front(), offset);
    const absl::StatusOr<ChainReport> report = CheckChain(options_, nullptr);
    // Its very beginning makes the store itself.
    if (report.ok()) {
      EXPECT_GT(report->damaged, 0U) << "byte " << offset << " of " << size;
      EXPECT_GE(report->damaged, before);
      EXPECT_THAT(report->damage, HasSubstr(absl::StrCat("record ", report->damaged)));
      before = report->damaged;
    } else {
      EXPECT_EQ(before, 0U) << "byte " << offset << ": " << report.status();
    }
    FlipByte(logs.front(), offset);
  }
  EXPECT_GT(before, 15U);
  EXPECT_EQ(Check().damaged, 0U);
}

TEST_F(ChainCheck, OneByteOfATableNamesTheFirstRecordThatCantBeRead) {
  FlushAll(options_);
  std::string table;
  uint64_t data_bytes = 0;
  Tamper(options_, [&](Database& database) {
    rocksdb::ColumnFamilyMetaData family;
    database.db().GetColumnFamilyMetaData(database.family(kJournal), &family);
    ASSERT_EQ(family.levels[0].files.size(), 1U);
    table = family.levels[0].files[0].db_path + family.levels[0].files[0].name;
    rocksdb::TablePropertiesCollection properties;
    ASSERT_TRUE(
        database.db().GetPropertiesOfAllTables(database.family(kJournal), &properties).ok());
    data_bytes = properties.begin()->second->data_size;
  });
  ASSERT_GT(data_bytes, 500U);
  EXPECT_EQ(Check().damaged, 0U);
  for (uint64_t offset = 0; offset < data_bytes; offset += data_bytes / 23) {
    FlipByte(table, offset);
    const ChainReport report = Check();
    EXPECT_GT(report.damaged, 0U) << "byte " << offset << " of " << data_bytes;
    EXPECT_LE(report.damaged, kLast);
    EXPECT_THAT(report.damage, HasSubstr(absl::StrCat("journal record ", report.damaged)));
    FlipByte(table, offset);
  }
  EXPECT_EQ(Check().damaged, 0U);
}

TEST_F(ChainCheck, AStoreThatIsInUseIsRefused) {
  world_.Reopen();
  EXPECT_EQ(CheckChain(options_, nullptr).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ChainCheck, AHoleIsFoundAlsoRightBeforeWhereReadingBegins) {
  Tamper(options_, [](Database& database) {
    ASSERT_TRUE(database.db().Delete({}, database.family(kJournal), SequenceKey(9)).ok());
    const absl::Status scanned =
        ScanJournal(database, {}, 10, kLast, [](const JournalEntry&) { return true; });
    EXPECT_TRUE(absl::IsDataLoss(scanned));
    EXPECT_THAT(std::string(scanned.message()), HasSubstr("journal record 9 is missing"));
  });
}

}  // namespace
}  // namespace fundgate::store::testing
