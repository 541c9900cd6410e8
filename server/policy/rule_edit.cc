#include "server/policy/rule_edit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fundgate/types/text.h"
#include "server/policy/difference.h"
#include "server/policy/document_text.h"

namespace fundgate::policy {
namespace {

// Bytes of the text that others take the place of.
struct Replacement {
  size_t offset = 0;
  size_t size = 0;
  std::string by;
};

std::string WordOf(v1::RuleMode mode) {
  return EnumWord(*v1::RuleMode_descriptor()->FindValueByNumber(mode));
}

v1::RuleMode ModeOf(const v1::Rule& rule) {
  return rule.mode() == v1::RULE_MODE_UNSPECIFIED ? v1::RULE_MODE_SHADOW : rule.mode();
}

int64_t PercentOf(const v1::Rule& rule) {
  return rule.has_rollout() ? rule.rollout().percent() : 100;
}

class Editor {
 public:
  Editor(std::string_view text, const LoadedPolicy& loaded, const std::string& rule)
      : text_(text), places_(loaded.places), path_(absl::StrCat("rules.", rule)) {}

  // Sets one field of the rule, whose value stands at `path` below it if it is there, and is
  // written as `missing` if it isn't. False if the text isn't laid out so that this can be done.
  bool Set(const std::string& path, const std::string& was, const std::string& is,
           const std::string& missing) {
    const std::string place = absl::StrCat(path_, ".", path);
    if (!places_.Has(place)) {
      new_fields_.push_back(missing);
      return true;
    }
    const size_t offset = OffsetOf(places_.Find(place).value);
    if (!absl::EqualsIgnoreCase(ToAbsl(text_.substr(offset, was.size())), was)) return false;
    replacements_.push_back({offset, was.size(), is});
    return true;
  }

  std::string Take() && {
    if (!new_fields_.empty()) InsertFields();
    std::sort(replacements_.begin(), replacements_.end(),
              [](const Replacement& a, const Replacement& b) { return a.offset > b.offset; });
    std::string edited(text_);
    for (const Replacement& one : replacements_) edited.replace(one.offset, one.size, one.by);
    return edited;
  }

 private:
  size_t OffsetOf(Mark mark) const {
    size_t offset = 0;
    for (int line = 1; line < mark.line && offset < text_.size(); ++line) {
      const size_t end = text_.find('\n', offset);
      offset = end == std::string_view::npos ? text_.size() : end + 1;
    }
    return std::min(offset + static_cast<size_t>(std::max(mark.column, 1) - 1), text_.size());
  }

  // In front of the rule's other fields: behind the brace, or on lines of their own.
  void InsertFields() {
    const Mark mark = places_.Find(path_).value;
    const size_t offset = OffsetOf(mark);
    const bool in_braces = offset < text_.size() && text_[offset] == '{';
    const std::string behind =
        in_braces ? ", "
                  : absl::StrCat("\n", std::string(static_cast<size_t>(mark.column) - 1, ' '));
    std::string fields;
    for (const std::string& field : new_fields_) absl::StrAppend(&fields, field, behind);
    replacements_.push_back({offset + (in_braces ? 1 : 0), 0, std::move(fields)});
  }

  const std::string_view text_;
  const Places& places_;
  const std::string path_;
  std::vector<Replacement> replacements_;
  std::vector<std::string> new_fields_;
};

// The document as the edit means it.
v1::Document Meant(const LoadedPolicy& loaded, const RuleEdit& edit) {
  v1::Document meant = loaded.document;
  v1::Rule& rule = (*meant.mutable_rules())[edit.rule];
  if (edit.mode.has_value() && ModeOf(rule) != *edit.mode) rule.set_mode(*edit.mode);
  if (edit.percent.has_value() && PercentOf(rule) != *edit.percent) {
    rule.mutable_rollout()->set_percent(*edit.percent);
  }
  return meant;
}

absl::Status ByHand(const RuleEdit& edit) {
  return absl::FailedPreconditionError(
      absl::StrCat("the rule ", edit.rule,
                   " is written in a way that only its author can change: edit the document (see "
                   "`fundctl policy get`) and apply it"));
}

}  // namespace

absl::StatusOr<std::string> EditRule(std::string_view text, const LoadedPolicy& loaded,
                                     const RuleEdit& edit) {
  const auto found = loaded.document.rules().find(edit.rule);
  if (found == loaded.document.rules().end()) {
    return absl::NotFoundError(absl::StrCat("the policy has no rule \"", edit.rule, "\""));
  }
  const v1::Rule& rule = found->second;
  const bool changes_mode = edit.mode.has_value() && *edit.mode != ModeOf(rule);
  const bool changes_share = edit.percent.has_value() && *edit.percent != PercentOf(rule);
  if (!changes_mode && !changes_share) {
    return absl::FailedPreconditionError(absl::StrCat("the rule ", edit.rule, " is in mode ",
                                                      WordOf(ModeOf(rule)), " for ",
                                                      PercentOf(rule), " of 100 already"));
  }
  Editor editor(text, loaded, edit.rule);
  if (changes_mode) {
    const std::string word = WordOf(*edit.mode);
    if (!editor.Set("mode", WordOf(ModeOf(rule)), word, absl::StrCat("mode: ", word))) {
      return ByHand(edit);
    }
  }
  if (changes_share) {
    const std::string number = absl::StrCat(*edit.percent);
    if (!editor.Set("rollout.percent", absl::StrCat(PercentOf(rule)), number,
                    absl::StrCat("rollout: {percent: ", number, "}"))) {
      return ByHand(edit);
    }
  }
  std::string edited = std::move(editor).Take();
  const LoadResult read = LoadAppliedPolicy(edited, loaded.file);
  if (!read.ok() || !Difference(Meant(loaded, edit), read.loaded->document).empty()) {
    return ByHand(edit);
  }
  return edited;
}

}  // namespace fundgate::policy
