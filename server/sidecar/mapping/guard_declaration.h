// One of the policy's guards of a table, and what it says of a changed row.
#ifndef SERVER_SIDECAR_MAPPING_GUARD_DECLARATION_H_
#define SERVER_SIDECAR_MAPPING_GUARD_DECLARATION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fundgate/policy/v1/document.pb.h"
#include "server/expression/environment.h"
#include "server/expression/program.h"
#include "server/sidecar/binlog/table.h"
#include "server/sidecar/mapping/row_frame.h"
#include "server/sidecar/mapping/row_writer.h"

namespace fundgate::mapping {

// Used by one thread; must stay where it is, as its programs are referred to.
//
// A column has changed if its images differ. Of a partial image (binlog_row_image MINIMAL or
// NOBLOB): what an update left out of the image after has not changed; what is only in that image
// was written, and counts as changed from what nobody knows.
class GuardDeclaration {
 public:
  // INVALID_ARGUMENT if one of its expressions doesn't compile.
  static absl::StatusOr<std::unique_ptr<GuardDeclaration>> Create(const std::string& name,
                                                                  const policy::v1::Guard& guard);

  // Finds the columns by their names, as RowFrame::Bind does.
  absl::Status Bind(const binlog::Table& table);

  // True if the change touches a guarded column: the row came, or went, or one of them differs.
  bool IsTouched(Image before, Image after) const;

  // The change as an event of the row, which is touched.
  void Write(Image before, Image after, RowWriter& writer);

 private:
  GuardDeclaration(std::string name, std::vector<std::string> columns,
                   std::unique_ptr<expression::Environment> environment)
      : name_(std::move(name)),
        columns_(std::move(columns)),
        environment_(std::move(environment)) {}

  bool HasChanged(size_t column, Image before, Image after) const;
  std::string NameBy(const std::optional<expression::Program>& program);

  const std::string name_;
  const std::vector<std::string> columns_;
  std::vector<uint32_t> indexes_;  // by column
  std::unique_ptr<expression::Environment> environment_;
  std::optional<expression::Program> key_;
  std::optional<expression::Program> account_;
  std::optional<RowFrame> frame_;
};

}  // namespace fundgate::mapping

#endif  // SERVER_SIDECAR_MAPPING_GUARD_DECLARATION_H_
