// Data as earlier versions wrote them are taken over; data of later ones are refused, and left
// alone.
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/store/head.h"
#include "server/store/journal_record.h"
#include "server/store/record_places.h"
#include "server/store/records.h"
#include "server/store/verify.h"
#include "tests/store/store_world.h"
#include "tests/store/tampering.h"

namespace fundgate::store::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kRecordsKey[] = "records";

void Put(Database& database, Table table, const std::string& key, const std::string& value) {
  ASSERT_TRUE(database.db().Put({}, database.family(table), key, value).ok());
}

// Writes a whole store as a program did whose records had that version.
template <uint8_t kVersion>
class AsItWas {
 public:
  static void Rewrite(Database& database) {
    core::StoredKinds::ForEach([&database]<typename Kind>(Kind) {
      using Place = PlaceOf<Kind>;
      RewriteAll<typename Kind::Record>(database, Place::kTable, Place::Prefix());
    });
    core::ResidentKinds::ForEach([&database]<typename Kind>(Kind) {
      RewriteAll<typename Kind::Record>(database, kResident, std::string(1, Kind::kLetter));
    });
    RewriteAll<core::PolicyRecord>(database, kPolicies, "");
    RewriteJournal(database);
    // Nobody noted that then.
    ASSERT_TRUE(database.db().Delete({}, database.family(kMeta), kRecordsKey).ok());
  }

 private:
  template <typename... Values>
  static std::string Bytes(const Values&... values) {
    std::string bytes(1, static_cast<char>(kVersion));
    EncoderOf<kVersion> encode(bytes);
    encode(values...);
    return bytes;
  }

  template <typename Record>
  static void RewriteAll(Database& database, Table table, const std::string& prefix) {
    std::vector<std::pair<std::string, std::string>> rewritten;
    auto stored = database.Iterate(table);
    for (stored->Seek(prefix); stored->Valid(); stored->Next()) {
      if (!stored->key().starts_with(prefix)) break;
      const auto record = DecodeRecord<Record>(AsView(stored->value()));
      ASSERT_TRUE(record.ok()) << record.status();
      rewritten.emplace_back(stored->key().ToString(), Bytes(*record));
    }
    for (const auto& [key, value] : rewritten) Put(database, table, key, value);
  }

  static void RewriteJournal(Database& database) {
    const Head head = ReadHead(database).value();
    HashChain chain;
    HashChain old_chain;
    Hash hash = kGenesis;
    Hash old_hash = kGenesis;
    for (Sequence sequence = 1; sequence <= head.clock.sequence; ++sequence) {
      const std::string value = JournalBytes(database, sequence);
      const JournalEntry entry = DecodeJournalValue(sequence, value, old_hash, old_chain).value();
      old_hash = HashOfJournalValue(sequence, value).value();
      const std::string body =
          Bytes(sequence, entry.logic_version, entry.policy_version, entry.input, entry.answer);
      hash = chain.Next(hash, body);
      PutJournalBytes(database, sequence, JournalValue(hash, body));
    }
    Put(database, kMeta, std::string(kHeadKey), std::string(AsBytes(hash)) + Bytes(head.clock));
  }
};

template <typename Version>
class Upgrade : public ::testing::Test {
 protected:
  Upgrade() : world_(OptionsFor(folder_.path())) {
    world_.Begin();
    for (int i = 0; i < 5; ++i) Allow(std::to_string(i));
    world_.Put(core::ConfirmInput{AccountId("m1"), KeyOf("0"), decisions_[0], std::nullopt});
    world_.Put(core::ReleaseInput{AccountId("m1"), KeyOf("1"), decisions_[1], "not wanted"});
    core::CheckInput other = world_.NewCheck("2");
    other.amount.minor_units += 1;
    other.lines.front().amount += 1;
    world_.Put(other);  // a conflict
    world_.Close();
    Tamper(OptionsFor(folder_.path()), AsItWas<Version::value>::Rewrite);
  }

  static core::KeyId KeyOf(const std::string& key) {
    return {MovementKind("refund"), IdempotencyKey(key)};
  }

  void Allow(const std::string& key) {
    const core::Answer answer = world_.Put(world_.NewCheck(key));
    const auto& decision = std::get<core::Decision>(answer);
    ASSERT_EQ(decision.verdict, core::Verdict::kAllow);
    decisions_.push_back(decision.id);
  }

  const TemporaryFolder folder_;
  StoreWorld world_;
  std::vector<std::string> decisions_;
};

using EarlierVersions =
    ::testing::Types<std::integral_constant<uint8_t, 1>, std::integral_constant<uint8_t, 2>,
                     std::integral_constant<uint8_t, 3>, std::integral_constant<uint8_t, 4>>;
TYPED_TEST_SUITE(Upgrade, EarlierVersions);

TYPED_TEST(Upgrade, OlderDataAreReadWrittenOnAndVerified) {
  this->world_.Reopen();
  const auto found = this->world_.store().state().template Find<core::Keys>(this->KeyOf("0"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->decision->id, this->decisions_[0]);
  EXPECT_EQ(found->reservation->state, core::ReservationState::kConfirmed);
  // What was allowed before is said again; what is new is judged by the books as they were.
  const core::Answer again = this->world_.Put(this->world_.NewCheck("2"));
  EXPECT_TRUE(std::get<core::Decision>(again).replayed);
  EXPECT_EQ(std::get<core::Decision>(again).id, this->decisions_[2]);
  this->Allow("new");
  this->world_.Close();
  const auto report = VerifyByReplay(OptionsFor(this->folder_.path()), nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
}

TYPED_TEST(Upgrade, IsNotedSoThatOlderProgramsRefuseIt) {
  this->world_.Reopen();
  this->world_.Close();
  Tamper(OptionsFor(this->folder_.path()), [](Database& database) {
    EXPECT_EQ(database.Get(kMeta, kRecordsKey).value(), std::to_string(kRecordVersion));
  });
}

TEST(Downgrade, IsRefusedNamingBothVersionsAndTheWayBack) {
  const TemporaryFolder folder;
  const Options options = OptionsFor(folder.path());
  {
    StoreWorld world(options);
    world.Begin();
  }
  const std::string newer = std::to_string(kRecordVersion + 1);
  Tamper(options, [&newer](Database& database) { Put(database, kMeta, kRecordsKey, newer); });
  for (const absl::Status& status :
       {Store::Open(options).status(), VerifyByReplay(options, nullptr).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("records of version " + newer + ", this program knows"),
                      HasSubstr("records of version " + std::to_string(kRecordVersion) + ":"),
                      HasSubstr("restore a backup from before the upgrade")));
  }
}

}  // namespace
}  // namespace fundgate::store::testing
