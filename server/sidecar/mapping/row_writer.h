// Where the events of one changed row go, each numbered.
#ifndef SERVER_SIDECAR_MAPPING_ROW_WRITER_H_
#define SERVER_SIDECAR_MAPPING_ROW_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fundgate/v1/event.pb.h"
#include "server/sidecar/binlog/transaction.h"
#include "server/sidecar/binlog/value.h"

namespace fundgate::mapping {

// The columns of a row as they were, or are; empty if there was, or is, no row.
using Image = std::span<const binlog::Value>;

inline constexpr size_t kMaxGapReasonBytes = 1024;  // in the contract

// What all events of a row say of it.
struct RowNames {
  std::string table;
  std::string key_before;
  std::string key_after;
  uint64_t image_hash = 0;  // of the row after; 0 after a deletion
  std::string statement;    // its head, if the server tells

  // Of a change whose image after the change is there, or isn't.
  const std::string& key(bool has_after) const { return has_after ? key_after : key_before; }
};

// What all events of a row say of its transaction, which lives longer.
struct EventHead {
  const binlog::TransactionHead* transaction = nullptr;
  uint32_t row_index = 0;  // of the row's first event
  std::string statement;   // empty: left out

  void Fill(v1::Event& event) const;
};

// Used by one thread, for one row.
class RowWriter {
 public:
  RowWriter(RowNames names, EventHead head, std::vector<v1::Event>* out);

  const RowNames& names() const { return names_; }

  // The next event of the row, to be filled in.
  v1::Event& Append();
  void AppendGap(v1::Gap gap);

  // Fills in which row it is, with the hash if there is one. False, with nothing filled in and
  // `problem` saying why, if its key is longer than the contract takes.
  bool FillRow(const std::string& key, bool has_after, v1::EventRow& row,
               std::string& problem) const;

 private:
  const RowNames names_;
  const EventHead head_;
  std::vector<v1::Event>* out_;
  uint32_t written_ = 0;
};

// Whether an update can't have changed anything that one of the declarations reads, although no
// image holds all of it. Each has a frame().
template <typename Declarations>
bool IsUntouched(const Declarations& declarations, Image before, Image after) {
  bool lacks = false;
  for (const auto& declaration : declarations) {
    if (declaration->frame().Differ(before, after)) return false;
    lacks |= declaration->frame().Lacks(before) || declaration->frame().Lacks(after);
  }
  return lacks;
}

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_ROW_WRITER_H_
