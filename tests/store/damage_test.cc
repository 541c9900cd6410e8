// Damage on disk is found and named.
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/database.h"
#include "server/store/keys.h"
#include "server/store/records.h"
#include "server/store/verify.h"
#include "tests/store/store_world.h"

namespace fundgate::store::testing {
namespace {

using ::testing::HasSubstr;

class Damage : public ::testing::Test {
 protected:
  Damage() {
    world_.Begin();
    for (int i = 0; i < 20; ++i) world_.Put(world_.NewCheck(absl::StrCat("r", i)));
    world_.Close();
  }

  void Change(const std::function<void(Database&)>& change) {
    absl::StatusOr<std::unique_ptr<Database>> database =
        Database::Open(options_, Database::Access::kReadWrite);
    ASSERT_TRUE(database.ok()) << database.status();
    change(**database);
  }
  static std::string Value(Database& database, Table table, const std::string& key) {
    return database.Get(table, key)->value();
  }
  static void Put(Database& database, Table table, const std::string& key,
                  const std::string& value) {
    ASSERT_TRUE(database.db().Put({}, database.family(table), key, value).ok());
  }

  TemporaryFolder folder_;
  Options options_ = OptionsFor(folder_.path());
  StoreWorld world_{options_};
};

TEST_F(Damage, OneByteOfAnyPartOfAJournalRecordIsFoundByItsSequence) {
  for (const size_t place : {size_t{0}, size_t{31}, size_t{32}, size_t{40}, size_t{90}}) {
    std::string original;
    Change([&](Database& database) {
      original = Value(database, kJournal, SequenceKey(7));
      std::string damaged = original;
      ASSERT_LT(place, damaged.size());
      damaged[place] = static_cast<char>(damaged[place] ^ 1);
      Put(database, kJournal, SequenceKey(7), damaged);
    });
    const absl::Status status = VerifyByReplay(options_, nullptr).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << place;
    EXPECT_THAT(std::string(status.message()), HasSubstr("journal record 7")) << place;
    Change([&](Database& database) { Put(database, kJournal, SequenceKey(7), original); });
  }
  EXPECT_EQ(VerifyByReplay(options_, nullptr)->difference, "");
}

TEST_F(Damage, ARemovedRecordIsFound) {
  Change([](Database& database) {
    ASSERT_TRUE(database.db().Delete({}, database.family(kJournal), SequenceKey(9)).ok());
  });
  EXPECT_THAT(std::string(VerifyByReplay(options_, nullptr).status().message()),
              HasSubstr("journal record 9 is missing"));
}

TEST_F(Damage, ARemovedTailIsFound) {
  Change([](Database& database) {
    ASSERT_TRUE(database.db().Delete({}, database.family(kJournal), SequenceKey(23)).ok());
  });
  EXPECT_EQ(VerifyByReplay(options_, nullptr).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(Damage, SwappedRecordsAreFound) {
  Change([](Database& database) {
    const std::string eight = Value(database, kJournal, SequenceKey(8));
    Put(database, kJournal, SequenceKey(8), Value(database, kJournal, SequenceKey(9)));
    Put(database, kJournal, SequenceKey(9), eight);
  });
  EXPECT_THAT(std::string(VerifyByReplay(options_, nullptr).status().message()),
              HasSubstr("journal record 8"));
}

TEST_F(Damage, AQuickFixTypedIntoABookIsFound) {
  Change([](Database& database) {
    auto books = database.Iterate(kBooks);
    books->SeekToFirst();
    core::Book book = DecodeRecord<core::Book>(AsView(books->value())).value();
    book.counters[0].posted += 1;
    Put(database, kBooks, books->key().ToString(), EncodeRecord(book));
  });
  const absl::StatusOr<VerifyReport> report = VerifyByReplay(options_, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->difference, HasSubstr("books"));
}

TEST_F(Damage, AKeyThatTheJournalDoesNotKnowIsFound) {
  Change([](Database& database) {
    Put(database, kKeys, MovementKey({MovementKind("refund"), IdempotencyKey("planted")}),
        EncodeRecord(core::KeyRecord{}));
  });
  EXPECT_THAT(VerifyByReplay(options_, nullptr)->difference, HasSubstr("keys"));
}

TEST_F(Damage, ADamagedTailIsRefusedAtTheStart) {
  Change([](Database& database) {
    std::string value = Value(database, kJournal, SequenceKey(20));
    value.back() = static_cast<char>(value.back() ^ 1);
    Put(database, kJournal, SequenceKey(20), value);
  });
  const absl::Status status = Store::Open(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("journal record 20"));
}

TEST_F(Damage, ANewerFormatIsRefusedAndLeftAlone) {
  Change([](Database& database) { Put(database, kMeta, "format", "2"); });
  const absl::Status status = Store::Open(options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("format 2"));
}

}  // namespace
}  // namespace fundgate::store::testing
