#include "server/store/keys.h"

#include <utility>

#include "server/store/codec.h"

namespace fundgate::store {
namespace {

constexpr size_t kNumberBytes = 8;
constexpr uint64_t kSignBit = uint64_t{1} << 63U;

void AppendNumber(std::string& key, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(number >> static_cast<unsigned>(shift)));
  }
}

void AppendTime(std::string& key, absl::Time time) {
  AppendNumber(key, static_cast<uint64_t>(NanosOf(time)) ^ kSignBit);
}

void AppendName(std::string& key, std::string_view name) {
  for (const char c : name) {
    key.push_back(c);
    if (c == '\0') key.push_back('\xFF');
  }
  key.push_back('\0');
  key.push_back('\x01');
}

bool TakeNumber(std::string_view& key, uint64_t& number) {
  if (key.size() < kNumberBytes) return false;
  number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i) {
    number = number << 8U | static_cast<uint8_t>(key[i]);
  }
  key.remove_prefix(kNumberBytes);
  return true;
}

bool TakeName(std::string_view& key, std::string& name) {
  name.clear();
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] != '\0') {
      name.push_back(key[i]);
      continue;
    }
    if (i + 1 == key.size()) return false;
    ++i;
    if (key[i] == '\x01') {
      key.remove_prefix(i + 1);
      return true;
    }
    if (key[i] != '\xFF') return false;
    name.push_back('\0');
  }
  return false;
}

// Reads that many names, which must be all there is.
template <typename... Names>
bool TakeNames(std::string_view key, Names&... names) {
  return (TakeName(key, names) && ...) && key.empty();
}

}  // namespace

std::string SequenceKey(Sequence sequence) {
  std::string key;
  AppendNumber(key, sequence);
  return key;
}

std::optional<Sequence> ParseSequenceKey(std::string_view key) {
  Sequence sequence = 0;
  return TakeNumber(key, sequence) && key.empty() ? std::optional(sequence) : std::nullopt;
}

std::string BookKey(const core::BookId& id) {
  std::string key;
  AppendName(key, id.account.value());
  AppendName(key, id.book);
  AppendName(key, id.order.value());
  AppendName(key, id.currency.code());
  return key;
}

std::string FamilyKey(const core::FamilyId& id) {
  std::string key;
  AppendName(key, id.account.value());
  AppendName(key, id.book);
  AppendName(key, id.order.value());
  return key;
}

std::string MovementKey(const core::KeyId& id) {
  std::string key;
  AppendName(key, id.kind.value());
  AppendName(key, id.key.value());
  return key;
}

std::string TimerKey(const core::Timer& timer) {
  std::string key;
  AppendTime(key, timer.at);
  key.append(MovementKey(timer.key));
  return key;
}

std::string TimersAfter(absl::Time time) {
  std::string key;
  AppendTime(key, time + absl::Nanoseconds(1));
  return key;
}

std::string HoldKey(const core::HoldEntry& entry) {
  std::string key = HoldsOf(entry.state);
  AppendTime(key, entry.held_at);
  key.append(MovementKey(entry.key));
  return key;
}

std::string HoldsOf(core::HoldState state) { return {static_cast<char>(state)}; }

std::optional<core::BookId> ParseBookKey(std::string_view key) {
  std::string account;
  std::string book;
  std::string order;
  std::string code;
  if (!TakeNames(key, account, book, order, code)) return std::nullopt;
  const absl::StatusOr<Currency> currency = Currency::FromCode(code);
  if (!currency.ok()) return std::nullopt;
  return core::BookId{book, AccountId(account), OrderId(order), *currency};
}

std::optional<core::FamilyId> ParseFamilyKey(std::string_view key) {
  std::string account;
  std::string book;
  std::string order;
  if (!TakeNames(key, account, book, order)) return std::nullopt;
  return core::FamilyId{book, AccountId(account), OrderId(order)};
}

std::optional<core::KeyId> ParseMovementKey(std::string_view key) {
  std::string kind;
  std::string idempotency_key;
  if (!TakeNames(key, kind, idempotency_key)) return std::nullopt;
  return core::KeyId{MovementKind(kind), IdempotencyKey(idempotency_key)};
}

std::optional<core::Timer> ParseTimerKey(std::string_view key) {
  uint64_t number = 0;
  if (!TakeNumber(key, number)) return std::nullopt;
  std::optional<core::KeyId> id = ParseMovementKey(key);
  if (!id.has_value()) return std::nullopt;
  return core::Timer{TimeOf(static_cast<int64_t>(number ^ kSignBit)), *std::move(id)};
}

std::optional<core::HoldEntry> ParseHoldKey(std::string_view key) {
  if (key.empty()) return std::nullopt;
  const auto state = static_cast<core::HoldState>(key.front());
  // The rest is written as a timer is.
  std::optional<core::Timer> rest = ParseTimerKey(key.substr(1));
  if (!rest.has_value()) return std::nullopt;
  return core::HoldEntry{state, rest->at, std::move(rest->key)};
}

}  // namespace fundgate::store
