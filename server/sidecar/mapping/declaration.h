// One of the policy's declarations of a table, and what it says of a row.
#ifndef SERVER_SIDECAR_MAPPING_DECLARATION_H_
#define SERVER_SIDECAR_MAPPING_DECLARATION_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fundgate/v1/event.pb.h"
#include "server/policy/mapping.h"
#include "server/policy/row_fields.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/value.h"
#include "server/sidecar/mapping/row_frame.h"

namespace fundgate::mapping {

// What one image of a row says of one kind of movement.
struct Reading {
  // As far as it could be read; status NONE if the row says nothing.
  v1::Contribution contribution;
  // A sentence, if the row says something, or may, and can't be read; else empty.
  std::string problem;

  bool readable() const { return problem.empty(); }
  bool speaks() const { return !readable() || contribution.status() != v1::MOVEMENT_STATUS_NONE; }
};

// The text of a name field: of a string its UTF-8, of a whole number its digits. Null if the field
// may be missing and is. Otherwise sets `problem`: "is NULL", "is longer than 128 bytes".
std::optional<std::string> NameOf(const expression::Value& value, std::string& problem);

// Used by one thread; must stay where it is, as its programs are referred to.
class Declaration {
 public:
  Declaration(policy::TableMapping mapping, const policy::RowFields& fields);

  // See RowFrame::Bind.
  absl::Status Bind(const binlog::Table& table) { return frame_.Bind(table); }

  // What the image says. Any failure of an expression is a problem, never a guess.
  Reading Read(std::span<const binlog::Value> image);

  const RowFrame& frame() const { return frame_; }

 private:
  struct Field {
    std::string name;
    const expression::Program* program = nullptr;
    bool required = false;
  };

  void ReadStatus(Reading& reading);
  void ReadName(const Field& field, Reading& reading);
  void ReadAmount(const Field& field, Reading& reading);
  void Blame(std::string_view field, const expression::Program& program, std::string_view what,
             Reading& reading) const;

  policy::TableMapping mapping_;
  std::vector<Field> names_;    // account first, then order, key and part key: a gap's scope
  std::vector<Field> amounts_;  // the amount first, then the parts
  RowFrame frame_;
};

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_DECLARATION_H_
