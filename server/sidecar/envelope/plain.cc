#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "server/sidecar/envelope/envelopes.h"
#include "server/sidecar/envelope/values.h"

namespace fundgate::envelope {
namespace {

// Null if nothing stands there.
const Json* At(const Json& root, const std::string& pointer) {
  const Json* at = &root;
  const std::vector<std::string> steps = absl::StrSplit(pointer, '/');
  for (size_t i = 1; i < steps.size() && at != nullptr; ++i) {
    const std::string step = absl::StrReplaceAll(steps[i], {{"~1", "/"}, {"~0", "~"}});
    size_t index = 0;
    if (at->is(Json::Kind::kArray)) {
      const bool is_there = absl::SimpleAtoi(step, &index) && index < at->items.size();
      at = is_there ? &at->items[index] : nullptr;
    } else {
      at = at->Find(step);
    }
  }
  return at;
}

}  // namespace

absl::StatusOr<Told> ReadPlain(const Json& message, const std::string& table,
                               const std::map<std::string, std::string>& columns) {
  if (!message.is(Json::Kind::kObject)) {
    return absl::InvalidArgumentError("it is no JSON object, whose members would be its columns");
  }
  Told told;
  ToldRow& row = told.rows.emplace_back();
  row.table = table;
  row.after = [&message, &columns](const std::string& column,
                                   binlog::Arena& arena) -> absl::StatusOr<binlog::Value> {
    const auto pointer = columns.find(column);
    const Json* json =
        pointer != columns.end() ? At(message, pointer->second) : message.Find(column);
    if (json == nullptr) return NullValue();
    return PlainValue(*json, arena);
  };
  return told;
}

}  // namespace fundgate::envelope
