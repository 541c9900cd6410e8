#include "server/sidecar/mapping/row_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sidecar/mapping/row_identity.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::mapping {

RowWriter::RowWriter(RowNames names, v1::Event head, std::vector<v1::Event>* out)
    : names_(std::move(names)), head_(std::move(head)), out_(out) {}

v1::Event& RowWriter::Append() {
  v1::Event& event = out_->emplace_back(head_);
  event.set_row_index(head_.row_index() + written_);
  written_ = std::min(written_ + 1, RowMapper::kEventsOfARow - 1);
  return event;
}

void RowWriter::AppendGap(v1::Gap gap) { *Append().mutable_gap() = std::move(gap); }

bool RowWriter::FillRow(const std::string& key, bool has_after, v1::EventRow& row,
                        std::string& problem) const {
  if (key.size() > kMaxPrimaryKeyBytes) {
    problem = absl::StrCat("its primary key has ", key.size(), " bytes; at most ",
                           kMaxPrimaryKeyBytes, " are allowed");
    return false;
  }
  row.set_table(names_.table);
  row.set_primary_key(key);
  if (has_after) row.set_image_hash(names_.image_hash);
  return true;
}

}  // namespace fundgate::mapping
