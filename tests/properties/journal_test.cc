// Whatever a record holds, it comes back from the disk's bytes as it was, and is written as the
// same bytes again; and a journal gives its state again.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/core/machine.h"
#include "server/core/record_kinds.h"
#include "server/store/codec.h"
#include "server/store/fields.h"
#include "server/store/journal_record.h"
#include "server/store/records.h"
#include "server/store/verify.h"
#include "tests/model/generator.h"
#include "tests/model/policy_under_test.h"
#include "tests/model/referee.h"
#include "tests/properties/numbers.h"
#include "tests/store/store_world.h"

namespace fundgate::testing {
namespace {

// Fills records with anything that they can hold, by the descriptions that say what is stored.
class Filler {
 public:
  static constexpr bool kWrites = false;
  static constexpr uint8_t version() { return store::kRecordVersion; }

  explicit Filler(Random& random) : random_(random) {}

  template <typename... Values>
  void operator()(Values&... values) {
    (Fill(values), ...);
  }

 private:
  size_t Count() { return random_() % 3; }

  void Fill(bool& value) { value = random_() % 2 == 0; }
  template <store::Number T>
  void Fill(T& value) {
    value = static_cast<T>(AnyNumber(random_));
  }
  template <store::Enumeration T>
  void Fill(T& value) {
    value = static_cast<T>(random_() % 4);
  }
  void Fill(std::string& text) {
    text.clear();
    for (size_t left = random_() % 12; left > 0; --left) {
      text.push_back(static_cast<char>(random_()));
    }
  }
  template <typename Tag>
  void Fill(Name<Tag>& name) {
    std::string text;
    Fill(text);
    name = Name<Tag>(std::move(text));
  }
  void Fill(core::DecisionId& id) { id = core::DecisionId(random_()); }
  // Within what nanoseconds of 64 bits hold, and the two infinities.
  void Fill(absl::Time& time) { time = store::TimeOf(AnyNumber(random_)); }
  void Fill(absl::Duration& duration) { duration = absl::Nanoseconds(AnyNumber(random_)); }
  void Fill(Currency& currency) {
    const auto all = Currency::All();
    const size_t choice = random_() % (all.size() + 1);
    currency = choice == all.size() ? Currency() : all[choice];
  }
  void Fill(Money& money) { (*this)(money.currency, money.minor_units); }
  void Fill(Position& position) {
    static const std::array kTexts = {"", "0-1-5", "0-1-5,1-2-18446744073709551615", "orders/3:17",
                                      "00112233-4455-6677-8899-aabbccddeeff:1-5:7-9"};
    position = Position::Parse(kTexts[random_() % kTexts.size()]).value();
  }
  void Fill(absl::Status& status) {
    std::string message;
    Fill(message);
    status = absl::Status(static_cast<absl::StatusCode>(1 + random_() % 16), message);
  }
  template <typename T>
  void Fill(std::optional<T>& value) {
    value.reset();
    if (random_() % 2 == 0) Fill(value.emplace());
  }
  template <typename A, typename B>
  void Fill(std::pair<A, B>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <typename T>
  void Fill(std::vector<T>& list) {
    list.clear();
    for (size_t left = Count(); left > 0; --left) Fill(list.emplace_back());
  }
  template <typename T, size_t kInline>
  void Fill(absl::InlinedVector<T, kInline>& list) {
    list.clear();
    for (size_t left = Count(); left > 0; --left) Fill(list.emplace_back());
  }
  template <typename K, typename V>
  void Fill(absl::btree_map<K, V>& map) {
    map.clear();
    for (size_t left = Count(); left > 0; --left) {
      std::pair<K, V> entry;
      Fill(entry);
      map.insert(std::move(entry));
    }
  }
  template <typename... Kinds>
  void Fill(std::variant<Kinds...>& value) {
    Become(value, random_() % sizeof...(Kinds), std::index_sequence_for<Kinds...>());
  }
  template <typename Variant, size_t... Index>
  void Become(Variant& value, size_t wanted, std::index_sequence<Index...>) {
    ((wanted == Index ? Fill(value.template emplace<Index>()) : void()), ...);
  }
  template <typename Record>
  requires std::is_class_v<Record>
  void Fill(Record& record) { Fields(*this, record); }

  Random& random_;
};

template <typename Record>
Record Filled(Random& random) {
  Record record;
  Filler fill(random);
  fill(record);
  return record;
}

template <typename Record>
void ExpectRoundTrip(std::string_view name, Random& random) {
  for (int i = 0; i < 300; ++i) {
    const auto record = Filled<Record>(random);
    const std::string bytes = store::EncodeRecord(record);
    const absl::StatusOr<Record> again = store::DecodeRecord<Record>(bytes);
    ASSERT_TRUE(again.ok()) << name << ": " << again.status();
    ASSERT_TRUE(*again == record) << name;
    ASSERT_EQ(store::EncodeRecord(*again), bytes) << name;
    // One byte less is no record.
    ASSERT_FALSE(store::DecodeRecord<Record>(bytes.substr(0, bytes.size() - 1)).ok()) << name;
  }
}

TEST(Records, OfEveryKindWithAnyContentComeBackFromTheirBytes) {
  Random random(1);
  core::StoredKinds::ForEach(
      [&]<typename Kind>(Kind) { ExpectRoundTrip<typename Kind::Record>(Kind::kName, random); });
  core::ResidentKinds::ForEach(
      [&]<typename Kind>(Kind) { ExpectRoundTrip<typename Kind::Record>(Kind::kName, random); });
}

TEST(Journal, OfEveryInputAndAnswerWithAnyContentComesBackFromItsBytes) {
  Random random(2);
  store::HashChain chain;
  std::vector<int> inputs(std::variant_size_v<decltype(core::Input::body)>);
  std::vector<int> answers(std::variant_size_v<core::Answer>);
  for (int i = 0; i < 20'000; ++i) {
    const auto input = Filled<core::Input>(random);
    const auto answer = Filled<core::Answer>(random);
    if (std::holds_alternative<core::Wait>(answer)) continue;  // is never recorded
    ++inputs[input.body.index()];
    ++answers[answer.index()];
    const auto sequence = random();
    const auto policy_version = random();
    const std::string bytes =
        store::EncodeJournalBody(sequence, core::kLogicVersion, policy_version, input, answer);
    const store::Hash hash = chain.Next(store::kGenesis, bytes);
    const absl::StatusOr<store::JournalEntry> entry = store::DecodeJournalValue(
        sequence, store::JournalValue(hash, bytes), store::kGenesis, chain);
    ASSERT_TRUE(entry.ok()) << entry.status();
    ASSERT_EQ(entry->sequence, sequence);
    ASSERT_EQ(entry->policy_version, policy_version);
    ASSERT_TRUE(entry->input == input) << "input " << input.body.index();
    ASSERT_TRUE(entry->answer == answer) << "answer " << answer.index();
    ASSERT_EQ(store::EncodeJournalBody(sequence, core::kLogicVersion, policy_version, entry->input,
                                       entry->answer),
              bytes);
  }
  for (size_t kind = 0; kind < inputs.size(); ++kind) EXPECT_GT(inputs[kind], 0) << kind;
  for (size_t kind = 0; kind < answers.size(); ++kind) {
    if (kind == core::Answer(core::Wait()).index()) continue;
    EXPECT_GT(answers[kind], 0) << kind;
  }
}

TEST(Journal, OfRandomBusinessGivesItsStateAgain) {
  const model::PolicyUnderTest under_test = model::CompilePolicy();
  const std::shared_ptr<const core::Policy> policy = under_test.compiled;
  store::testing::TemporaryFolder folder;
  store::Options options = store::testing::OptionsFor(folder.path());
  options.compile_policy = [policy](std::string_view) { return policy; };
  options.durability = store::Durability::kNoSync;
  auto opened = store::Store::Open(options);
  ASSERT_TRUE(opened.ok()) << opened.status();
  std::unique_ptr<store::Store> store = *std::move(opened);
  model::Generator generator(policy);
  model::Referee referee(under_test.terms);
  Random random(3);
  uint64_t recorded = 0;
  for (int i = 0; i < 4000; ++i) {
    const core::Input input = generator.Next(random(), referee.model());
    const absl::StatusOr<core::Outcome> outcome = core::Machine(store->state()).Apply(input);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    const model::Ruling ruling = referee.Follow(input, *outcome);
    ASSERT_FALSE(ruling.difference.has_value()) << *ruling.difference;
    if (!outcome->recorded) continue;
    ++recorded;
    ASSERT_TRUE(store->Append(input, *outcome).ok());
    if (i % 7 == 0) {
      ASSERT_TRUE(store->Write(store->EndGroup()).ok());
    }
  }
  ASSERT_TRUE(store->Write(store->EndGroup()).ok());
  store.reset();
  const absl::StatusOr<store::VerifyReport> report = store::VerifyByReplay(options, nullptr);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->difference, "");
  EXPECT_EQ(report->records, recorded);
}

}  // namespace
}  // namespace fundgate::testing
