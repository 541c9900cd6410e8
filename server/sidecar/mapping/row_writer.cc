#include "server/sidecar/mapping/row_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/sidecar/mapping/row_identity.h"
#include "server/sidecar/mapping/row_mapper.h"

namespace fundgate::mapping {

void EventHead::Fill(v1::Event& event) const {
  event.set_event_id(transaction->id);
  event.set_row_index(row_index);
  event.mutable_occurred_at()->set_seconds(transaction->committed_at);
  event.mutable_origin()->set_server_id(transaction->server_id);
  if (!statement.empty()) event.mutable_origin()->set_statement(statement);
}

RowWriter::RowWriter(RowNames names, EventHead head, std::vector<v1::Event>* out)
    : names_(std::move(names)), head_(std::move(head)), out_(out) {}

v1::Event& RowWriter::Append() {
  v1::Event& event = out_->emplace_back();
  head_.Fill(event);
  event.set_row_index(head_.row_index + written_);
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
