#include "server/export/sinks/anchor/anchor_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "anchor/anchor.h"
#include "server/export/http_post.h"
#include "tests/anchor/test_keys.h"
#include "tests/export/web_server.h"
#include "tests/store/store_world.h"
#include "tests/store/tampering.h"

namespace fundgate::exporting {
namespace {

using ::testing::HasSubstr;

// Keeps them in memory, or fails.
class FakeSink final : public AnchorSink {
 public:
  explicit FakeSink(std::vector<v1::JournalAnchor>& kept, const absl::Status& failure)
      : kept_(kept), failure_(failure) {}
  const std::string& name() const override { return name_; }
  absl::Status Keep(const v1::JournalAnchor& anchor) override {
    if (!failure_.ok()) return failure_;
    kept_.push_back(anchor);
    return absl::OkStatus();
  }

 private:
  const std::string name_ = "fake";
  std::vector<v1::JournalAnchor>& kept_;
  const absl::Status& failure_;
};

class AnchorWriting : public ::testing::Test {
 protected:
  AnchorWriting() { world_.Begin(); }

  AnchorTurns Turns(std::unique_ptr<AnchorSink> sink) const {
    return {world_.store(), key_, std::move(sink), AnchorRhythm{absl::Minutes(1), 5}};
  }
  AnchorTurns ToMemory() { return Turns(std::make_unique<FakeSink>(kept_, failure_)); }

  void Record(int count) {
    for (int i = 0; i < count; ++i) {
      world_.Put(world_.NewCheck(absl::StrCat("r", ++asked_)));
    }
  }

  store::testing::TemporaryFolder folder_;
  const store::Options options_ = store::testing::OptionsFor(folder_.path());
  store::testing::StoreWorld world_{options_};
  const anchor::SigningKey key_ =
      anchor::SigningKey::FromPem(anchor::testing::NewKey().private_pem).value();
  std::vector<v1::JournalAnchor> kept_;
  absl::Status failure_;
  absl::Time now_ = absl::FromUnixSeconds(1'900'000'000);
  int asked_ = 0;
};

TEST_F(AnchorWriting, AnAnchorSaysWhereTheJournalStandsAndIsSigned) {
  AnchorTurns turns = ToMemory();
  ASSERT_TRUE(turns.Take(now_, false).ok());
  ASSERT_EQ(kept_.size(), 1U);
  EXPECT_EQ(kept_[0].sequence(), 3U);
  const auto view = world_.store().view();
  EXPECT_EQ(kept_[0].hash(), view->GetJournalEntry(3)->hash);
  EXPECT_EQ(kept_[0].journal(), view->GetJournalEntry(1)->hash);
  EXPECT_EQ(kept_[0].time().seconds(), 1'900'000'000);
  EXPECT_TRUE(key_.public_key().HasSigned(kept_[0]));
}

TEST_F(AnchorWriting, TheNextIsDueAfterItsTimeOrItsRecords) {
  AnchorTurns turns = ToMemory();
  ASSERT_TRUE(turns.Take(now_, false).ok());
  Record(4);
  ASSERT_TRUE(turns.Take(now_ + absl::Seconds(59), false).ok());
  EXPECT_EQ(kept_.size(), 1U);
  Record(1);  // the fifth
  ASSERT_TRUE(turns.Take(now_ + absl::Seconds(59), false).ok());
  EXPECT_EQ(kept_.size(), 2U);
  Record(1);
  ASSERT_TRUE(turns.Take(now_ + absl::Seconds(100), false).ok());
  EXPECT_EQ(kept_.size(), 2U);
  ASSERT_TRUE(turns.Take(now_ + absl::Seconds(119), false).ok());
  EXPECT_EQ(kept_.size(), 3U);
  // Nothing was recorded since.
  ASSERT_TRUE(turns.Take(now_ + absl::Hours(1), true).ok());
  EXPECT_EQ(kept_.size(), 3U);
  Record(1);
  ASSERT_TRUE(turns.Take(now_ + absl::Hours(1), true).ok());
  EXPECT_EQ(kept_.size(), 4U);
}

TEST_F(AnchorWriting, OneThatCouldNotBeKeptIsDueAgain) {
  AnchorTurns turns = ToMemory();
  failure_ = absl::UnavailableError("the disk is gone");
  EXPECT_EQ(turns.Take(now_, false), failure_);
  failure_ = absl::OkStatus();
  EXPECT_TRUE(turns.Take(now_, false).ok());
  EXPECT_EQ(kept_.size(), 1U);
}

TEST_F(AnchorWriting, AnEmptyJournalHasNoAnchor) {
  store::testing::TemporaryFolder folder;
  const store::testing::StoreWorld empty(store::testing::OptionsFor(folder.path()));
  AnchorTurns turns(empty.store(), key_, std::make_unique<FakeSink>(kept_, failure_), {});
  EXPECT_TRUE(turns.Take(now_, true).ok());
  EXPECT_TRUE(kept_.empty());
}

TEST_F(AnchorWriting, AFileGrowsByALineEach) {
  const std::string path = folder_.path() + "/anchors.jsonl";
  AnchorTurns turns = Turns(std::make_unique<AnchorFile>(path));
  ASSERT_TRUE(turns.Take(now_, false).ok());
  Record(5);
  ASSERT_TRUE(turns.Take(now_, false).ok());
  anchor::Anchors anchors = anchor::Anchors::Read(path).value();
  EXPECT_TRUE(anchors.KeepSignedBy({key_.public_key()}).empty());
  EXPECT_EQ(anchors.Places(), (std::vector<Sequence>{1, 3, 8}));
  EXPECT_TRUE(CheckAnchored(*world_.store().view(), anchors, key_.public_key()).ok());
}

TEST_F(AnchorWriting, AFileThatCantBeWrittenSaysSo) {
  AnchorTurns turns = Turns(std::make_unique<AnchorFile>(folder_.path() + "/no/such/folder"));
  const absl::Status failed = turns.Take(now_, false);
  EXPECT_TRUE(absl::IsUnavailable(failed));
  EXPECT_THAT(std::string(failed.message()), HasSubstr("/no/such/folder"));
}

TEST_F(AnchorWriting, AWebhookGetsTheLine) {
  const testing::WebServer server;
  HttpSettings settings;
  settings.url = server.url("/anchors");
  AnchorTurns turns = Turns(std::make_unique<AnchorWebhook>(HttpPost::Make(settings).value()));
  ASSERT_TRUE(turns.Take(now_, false).ok());
  const std::vector<testing::Posted> posted = server.posted();
  ASSERT_EQ(posted.size(), 1U);
  EXPECT_EQ(posted[0].idempotency_key, "anchor-3");
  const absl::StatusOr<v1::JournalAnchor> anchor = anchor::FromLine(posted[0].body);
  ASSERT_TRUE(anchor.ok()) << anchor.status();
  EXPECT_TRUE(key_.public_key().HasSigned(*anchor));
}

TEST_F(AnchorWriting, ARewrittenOrCutJournalIsNotWhatWasAnchored) {
  const std::string path = folder_.path() + "/anchors.jsonl";
  {
    AnchorTurns turns = Turns(std::make_unique<AnchorFile>(path));
    Record(7);
    ASSERT_TRUE(turns.Take(now_, false).ok());  // at 10
    Record(10);
    ASSERT_TRUE(turns.Take(now_, false).ok());  // at 20
  }
  Record(3);
  world_.Close();
  const auto why = [&] {
    world_.Reopen();
    const absl::Status checked = CheckAnchored(
        *world_.store().view(), anchor::Anchors::Read(path).value(), key_.public_key());
    world_.Close();
    return std::string(checked.message());
  };
  EXPECT_EQ(why(), "");
  store::testing::Tamper(options_, [](store::Database& database) {
    store::testing::RewriteTail(database, 15, [](core::Input& input) {
      std::get<core::CheckInput>(input.body).amount.minor_units = 1;
    });
  });
  EXPECT_THAT(why(), HasSubstr("one of the records 11 to 20 was rewritten"));
  store::testing::Tamper(options_,
                         [](store::Database& database) { store::testing::CutTail(database, 14); });
  EXPECT_THAT(why(), HasSubstr("the journal ends with record 14"));
}

TEST_F(AnchorWriting, AWriterKeepsALastOneWhenItEnds) {
  {
    const AnchorWriter writer(ToMemory(), logging::Log([](const logging::Line&) {}));
    Record(1);
  }
  ASSERT_FALSE(kept_.empty());
  EXPECT_EQ(kept_.back().sequence(), 4U);
}

}  // namespace
}  // namespace fundgate::exporting
