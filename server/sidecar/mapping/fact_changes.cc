#include "server/sidecar/mapping/fact_changes.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sidecar/mapping/row_identity.h"

namespace fundgate::mapping {
namespace {

// What an image says of the fact. Its declarations are alternatives.
FactReading ReadFact(FactDeclarations& fact, Image image) {
  FactReading said;
  if (image.empty()) return said;
  for (const auto& declaration : fact.declarations) {
    FactReading reading = declaration->Read(image);
    if (!reading.speaks || !said.readable()) continue;
    if (said.speaks) {
      said.problem = absl::StrCat("more than one declaration of the table takes the row as ",
                                  fact.fact, ": make their conditions exclude each other");
      continue;
    }
    said = std::move(reading);
  }
  return said;
}

bool SameText(const v1::Value& a, const v1::Value& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

bool SayTheSame(const FactReading& a, const FactReading& b) {
  const auto& mine = a.image.fields();
  const auto& theirs = b.image.fields();
  if (a.key != b.key || mine.size() != theirs.size()) return false;
  for (const auto& [name, value] : mine) {
    const auto other = theirs.find(name);
    if (other == theirs.end() || !SameText(value, other->second)) return false;
  }
  return true;
}

class FactWriter {
 public:
  FactWriter(const std::string& fact, RowWriter& writer) : fact_(fact), writer_(writer) {}

  void WriteGap(const FactReading& blamed, bool is_after) {
    WriteGap(blamed.account,
             absl::StrCat("row ", writer_.names().key(is_after),
                          is_after ? "" : " before its change", ": ", blamed.problem));
  }

  // Either reading may be missing.
  void Write(std::optional<FactReading> before, std::optional<FactReading> after) {
    const bool has_after = after.has_value();
    v1::Fact said;
    std::string problem;
    FactReading& named = has_after ? *after : *before;
    if (!writer_.FillRow(writer_.names().key(has_after), has_after, *said.mutable_row(), problem)) {
      return WriteGap(named.account, problem);
    }
    said.set_name(fact_);
    said.set_key(named.key);
    said.set_account_id(named.account);
    if (before.has_value()) *said.mutable_before() = std::move(before->image);
    if (has_after) *said.mutable_fields() = std::move(*after->image.mutable_fields());
    said.set_deleted(!has_after);
    *writer_.Append().mutable_fact() = std::move(said);
  }

 private:
  void WriteGap(const std::string& account, const std::string& reason) {
    v1::Gap gap;
    gap.set_movement_kind(fact_);
    gap.set_account_id(account);
    gap.set_table(writer_.names().table);
    gap.set_reason(CutText(reason, kMaxGapReasonBytes));
    writer_.AppendGap(std::move(gap));
  }

  const std::string& fact_;
  RowWriter& writer_;
};

}  // namespace

void WriteFacts(FactDeclarations& fact, Image before, Image after,
                const std::function<RowWriter&()>& writer) {
  const bool is_update = !before.empty() && !after.empty();
  if (is_update && IsUntouched(fact.declarations, before, after)) return;
  FactReading was = ReadFact(fact, before);
  FactReading is = ReadFact(fact, after);
  if (!was.speaks && !is.speaks) return;
  if (!is.readable()) return FactWriter(fact.fact, writer()).WriteGap(is, true);
  if (!was.readable()) return FactWriter(fact.fact, writer()).WriteGap(was, false);
  if (was.speaks && is.speaks) {
    const RowNames& names = writer().names();
    const bool same_thing = was.key == is.key && names.key_before == names.key_after;
    if (same_thing && SayTheSame(was, is)) return;
    FactWriter out(fact.fact, writer());
    if (same_thing) return out.Write(std::move(was), std::move(is));
    out.Write(std::move(was), std::nullopt);
    return out.Write(std::nullopt, std::move(is));
  }
  FactWriter out(fact.fact, writer());
  if (was.speaks) return out.Write(std::move(was), std::nullopt);
  out.Write(std::nullopt, std::move(is));
}

}  // namespace fundgate::mapping
