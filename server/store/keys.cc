#include "server/store/keys.h"

#include <array>
#include <initializer_list>
#include <utility>

#include "server/store/codec.h"

namespace fundgate::store {
namespace {

constexpr size_t kNumberBytes = 8;
constexpr uint64_t kSignBit = uint64_t{1} << 63U;

void AppendNumber(std::string& key, uint64_t number) {
  std::array<char, kNumberBytes> bytes{};
  for (size_t i = kNumberBytes; i-- > 0; number >>= 8U) bytes[i] = static_cast<char>(number);
  key.append(bytes.data(), bytes.size());
}

void AppendTime(std::string& key, absl::Time time) {
  AppendNumber(key, static_cast<uint64_t>(NanosOf(time)) ^ kSignBit);
}

void AppendName(std::string& key, std::string_view name) {
  constexpr std::string_view kEscapedZero("\0\xFF", 2);
  constexpr std::string_view kEnd("\0\x01", 2);
  for (size_t zero = name.find('\0'); zero != std::string_view::npos; zero = name.find('\0')) {
    key.append(name.substr(0, zero)).append(kEscapedZero);
    name.remove_prefix(zero + 1);
  }
  key.append(name).append(kEnd);
}

// A key that these names are put into without growing.
std::string RoomFor(std::initializer_list<std::string_view> names, size_t more = 0) {
  for (const std::string_view name : names) more += name.size() + 2;
  std::string key;
  key.reserve(more);
  return key;
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
  std::string key = RoomFor({id.account.value(), id.book, id.order.value(), id.currency.code()});
  AppendName(key, id.account.value());
  AppendName(key, id.book);
  AppendName(key, id.order.value());
  AppendName(key, id.currency.code());
  return key;
}

std::string FamilyKey(const core::FamilyId& id) {
  std::string key = RoomFor({id.account.value(), id.book, id.order.value()});
  AppendName(key, id.account.value());
  AppendName(key, id.book);
  AppendName(key, id.order.value());
  return key;
}

std::string MovementKey(const core::KeyId& id) {
  std::string key = RoomFor({id.kind.value(), id.key.value()});
  AppendName(key, id.kind.value());
  AppendName(key, id.key.value());
  return key;
}

std::string TimerKey(const core::Timer& timer) {
  std::string key = RoomFor({timer.key.kind.value(), timer.key.key.value()}, kNumberBytes);
  AppendTime(key, timer.at);
  AppendName(key, timer.key.kind.value());
  AppendName(key, timer.key.key.value());
  return key;
}

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

void KeyWriter::Put(uint64_t number) { AppendNumber(key_, number); }
void KeyWriter::Put(absl::Time time) { AppendTime(key_, time); }
void KeyWriter::Put(const std::string& name) { AppendName(key_, name); }

void KeyReader::Get(uint64_t& number) { ok_ = ok_ && TakeNumber(rest_, number); }

void KeyReader::Get(absl::Time& time) {
  uint64_t number = 0;
  Get(number);
  time = TimeOf(static_cast<int64_t>(number ^ kSignBit));
}

void KeyReader::Get(std::string& name) { ok_ = ok_ && TakeName(rest_, name); }

void KeyReader::Get(Currency& currency) {
  std::string code;
  Get(code);
  if (code.empty()) return void(currency = Currency());
  const absl::StatusOr<Currency> known = Currency::FromCode(code);
  if (!known.ok()) return void(ok_ = false);
  currency = *known;
}

}  // namespace fundgate::store
