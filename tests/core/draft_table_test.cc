#include "server/core/draft_table.h"

#include <functional>
#include <map>
#include <memory_resource>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/core/records.h"

namespace fundgate::core::testing {
namespace {

using ::testing::ElementsAre;

// Like a kind of the state.
struct Notes {
  using Id = std::string;
  using Record = std::string;
};

// Ids, each with its record; nothing: it goes.
using Records = std::vector<std::pair<std::string, std::optional<std::string>>>;

// What a table is expected to do, done by a map.
class Expected {
 public:
  explicit Expected(const std::map<std::string, std::string>& state) : state_(state) {}

  std::optional<std::string>& Read(const std::string& id) {
    auto [slot, is_new] = slots_.try_emplace(id);
    const auto stored = state_.find(id);
    if (is_new && stored != state_.end()) slot->second.first = stored->second;
    return slot->second.first;
  }
  void Write(const std::string& id, std::optional<std::string> record) {
    slots_[id] = {std::move(record), true};
  }

  std::vector<std::pair<std::string, std::string>> Present() const {
    std::vector<std::pair<std::string, std::string>> present;
    for (const auto& [id, slot] : slots_) {
      if (slot.first.has_value()) present.emplace_back(id, *slot.first);
    }
    return present;
  }
  Records Changed() const {
    Records changed;
    for (const auto& [id, slot] : slots_) {
      if (slot.second) changed.emplace_back(id, slot.first);
    }
    return changed;
  }

 private:
  const std::map<std::string, std::string>& state_;
  std::map<std::string, std::pair<std::optional<std::string>, bool>> slots_;  // record, changed
};

// A table, the memory it lies in, and the state behind it.
class DraftTableTest : public ::testing::Test {
 protected:
  std::optional<std::string> Load(const std::string& id) {
    ++loads_;
    const auto stored = state_.find(id);
    return stored == state_.end() ? std::nullopt : std::optional(stored->second);
  }
  const std::string* Find(const std::string& id) { return table_->Find(memory_, id, load_); }
  std::string& Mutable(const std::string& id) { return table_->Mutable(memory_, id, load_); }
  Records Settle() {
    table_->Settle();
    Records changed;
    for (const auto& [id, record] : table_->settled()) changed.emplace_back(id, record);
    return changed;
  }
  std::vector<std::pair<std::string, std::string>> Present() const {
    std::vector<std::pair<std::string, std::string>> present;
    table_->ForEachPresent([&present](const std::string& id, const std::string& record) {
      present.emplace_back(id, record);
    });
    return present;
  }

  std::map<std::string, std::string> state_ = {{"a", "1"}, {"b", "2"}};
  int loads_ = 0;
  const std::function<std::optional<std::string>(const std::string&)> load_ =
      [this](const std::string& id) { return Load(id); };
  std::pmr::monotonic_buffer_resource memory_;
  std::optional<DraftTable<Notes>> table_{std::in_place};
};

TEST_F(DraftTableTest, ReadsARecordOnceAndSettlesOnlyWhatChanged) {
  EXPECT_EQ(*Find("a"), "1");
  EXPECT_EQ(*Find("a"), "1");
  EXPECT_EQ(Find("c"), nullptr);
  EXPECT_EQ(Find("c"), nullptr);
  EXPECT_EQ(loads_, 2);
  Mutable("b") += "!";
  EXPECT_THAT(Settle(), ElementsAre(std::pair("b", std::optional<std::string>("2!"))));
  Mutable("a") += "?";  // what comes later is there the next time
  EXPECT_THAT(Settle(), ElementsAre(std::pair("a", std::optional<std::string>("1?")),
                                    std::pair("b", std::optional<std::string>("2!"))));
}

TEST_F(DraftTableTest, WhatIsPutOrErasedIsNotRead) {
  table_->Put(memory_, "a", "new");
  table_->Erase(memory_, "b");
  EXPECT_EQ(*Find("a"), "new");
  EXPECT_EQ(Find("b"), nullptr);
  EXPECT_EQ(loads_, 0);
  EXPECT_EQ(Mutable("b"), "");  // what comes after an end is new
  EXPECT_THAT(Settle(), ElementsAre(std::pair("a", std::optional<std::string>("new")),
                                    std::pair("b", std::optional<std::string>(""))));
}

// With few records and with many, which have an index: whatever is done, in whatever order.
TEST_F(DraftTableTest, DoesWhatAMapDoes) {
  std::mt19937_64 random(20260901);
  for (int round = 0; round < 300; ++round) {
    const size_t ids = 1 + random() % 30;
    table_.emplace();
    Expected expected(state_);
    std::map<std::string, const std::string*> places;
    for (int step = 0; step < 60; ++step) {
      const std::string id(1, static_cast<char>('a' + random() % ids));
      const std::string text = absl::StrCat(round, ".", step);
      switch (random() % 4) {
        case 0: {
          const std::string* found = Find(id);
          const std::optional<std::string>& wanted = expected.Read(id);
          ASSERT_EQ(found != nullptr ? std::optional(*found) : std::nullopt, wanted);
          if (found != nullptr && places.contains(id)) {
            EXPECT_EQ(places[id], found) << "moved";
          }
          if (found != nullptr) places[id] = found;
          break;
        }
        case 1:
          Mutable(id) += text;
          expected.Write(id, expected.Read(id).value_or("") + text);
          break;
        case 2:
          table_->Put(memory_, id, text);
          expected.Write(id, text);
          break;
        default:
          table_->Erase(memory_, id);
          expected.Write(id, std::nullopt);
      }
      ASSERT_EQ(table_->FindHere(id) != nullptr, expected.Read(id).has_value());
    }
    ASSERT_EQ(Present(), expected.Present());
    std::vector<std::string> changed_ids;
    for (const auto& [id, record] : expected.Changed()) changed_ids.push_back(id);
    const auto ids_here = table_->ChangedIds();
    ASSERT_EQ(std::vector<std::string>(ids_here.begin(), ids_here.end()), changed_ids);
    ASSERT_EQ(Settle(), expected.Changed());
  }
}

}  // namespace
}  // namespace fundgate::core::testing
