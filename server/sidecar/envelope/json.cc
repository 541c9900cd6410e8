#include "server/sidecar/envelope/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"

namespace fundgate::envelope {
namespace {

using Kind = Json::Kind;

// Builds the tree. A method that returns false ends the parsing; `problem` says why then. Names and
// signatures are the parser's.
class Builder {
 public:
  explicit Builder(Json& root) : root_(root) {}

  const std::string& problem() const { return problem_; }

  // NOLINTBEGIN(readability-identifier-length): the parser's
  bool Null() { return Add({}); }
  bool Bool(bool value) {
    Json json;
    json.kind = Kind::kBool;
    json.boolean = value;
    return Add(std::move(json));
  }
  bool RawNumber(const char* text, unsigned size, bool) {
    return AddText(Kind::kNumber, text, size);
  }
  bool String(const char* text, unsigned size, bool) { return AddText(Kind::kString, text, size); }
  bool Key(const char* text, unsigned size, bool) {
    std::string name(text, size);
    std::vector<std::string>& names = open_.back()->names;
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      problem_ = absl::StrCat("member \"", name, "\" stands there twice");
      return false;
    }
    if (names.size() >= kMaxMembers) {
      problem_ = absl::StrCat("an object has more than ", kMaxMembers, " members");
      return false;
    }
    names.push_back(std::move(name));
    return true;
  }
  bool StartObject() { return Open(Kind::kObject); }
  bool EndObject(unsigned) { return Close(); }
  bool StartArray() { return Open(Kind::kArray); }
  bool EndArray(unsigned) { return Close(); }
  // Never called: numbers come as they are written.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  // NOLINTEND(readability-identifier-length)

 private:
  bool AddText(Kind kind, const char* text, unsigned size) {
    Json json;
    json.kind = kind;
    json.text.assign(text, size);
    return Add(std::move(json));
  }

  bool Add(Json json) {
    Place() = std::move(json);
    return true;
  }

  // Where the next value goes.
  Json& Place() { return open_.empty() ? root_ : open_.back()->items.emplace_back(); }

  bool Open(Kind kind) {
    if (open_.size() >= kMaxDepth) {
      problem_ = absl::StrCat("it is nested deeper than ", kMaxDepth, " levels");
      return false;
    }
    Json& json = Place();
    json.kind = kind;
    // Stays where it is: what contains it grows no more before it is closed.
    open_.push_back(&json);
    return true;
  }

  bool Close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  std::vector<Json*> open_;
  std::string problem_;
};

}  // namespace

const Json* Json::Find(std::string_view name) const {
  if (kind != Kind::kObject) return nullptr;
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &items[static_cast<size_t>(found - names.begin())];
}

std::string_view Json::TextOf(std::string_view name) const {
  const Json* member = Find(name);
  return member != nullptr && member->is(Kind::kString) ? std::string_view(member->text) : "";
}

int64_t Json::WholeOf(std::string_view name) const {
  const Json* member = Find(name);
  int64_t number = 0;
  const bool is_number = member != nullptr && member->is(Kind::kNumber);
  return is_number && absl::SimpleAtoi(member->text, &number) ? number : 0;
}

absl::StatusOr<Json> ParseJson(std::string_view text) {
  Json root;
  Builder builder(root);
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  // Iterative: a hostile message can't exhaust the stack.
  const rapidjson::ParseResult result =
      reader.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag |
                   rapidjson::kParseValidateEncodingFlag>(stream, builder);
  if (result.IsError()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "it is no JSON: ",
        builder.problem().empty() ? rapidjson::GetParseError_En(result.Code()) : builder.problem(),
        " (byte ", result.Offset(), ")"));
  }
  return root;
}

}  // namespace fundgate::envelope
