// One of the policy's declarations of a table whose rows are facts, and what it says of a row.
#ifndef SERVER_SIDECAR_MAPPING_FACT_DECLARATION_H_
#define SERVER_SIDECAR_MAPPING_FACT_DECLARATION_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "fundgate/v1/event.pb.h"
#include "server/policy/fact_mapping.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/binlog/value.h"
#include "server/sidecar/mapping/row_frame.h"

namespace fundgate::mapping {

// What one image of a row says of a fact.
struct FactReading {
  bool speaks = false;
  std::string key;
  std::string account;  // as far as it could be read
  v1::FactImage image;
  std::string problem;  // a sentence, if the row says it, or may, and can't be read; else empty

  bool readable() const { return problem.empty(); }
};

// Used by one thread; must stay where it is, as its programs are referred to.
class FactDeclaration {
 public:
  explicit FactDeclaration(policy::FactTableMapping mapping);

  const std::string& fact() const { return mapping_.emit; }

  // See RowFrame::Bind.
  absl::Status Bind(const binlog::Table& table) { return frame_.Bind(table); }

  // What the image says. A field that is NULL, or is made of a column that is, is missing; any
  // other failure of an expression is a problem, never a guess.
  FactReading Read(std::span<const binlog::Value> image);

  const RowFrame& frame() const { return frame_; }

 private:
  bool Speaks(FactReading& reading);
  void ReadField(const policy::FactTableMapping::Field& field, FactReading& reading);
  bool MeetsNull(const expression::Program& program) const;
  void Blame(std::string_view field, const expression::Program& program, std::string_view what,
             FactReading& reading) const;

  policy::FactTableMapping mapping_;
  RowFrame frame_;
};

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_FACT_DECLARATION_H_
