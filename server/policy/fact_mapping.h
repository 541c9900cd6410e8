// How rows of a table become facts: the expressions of one table, checked and compiled.
#ifndef SERVER_POLICY_FACT_MAPPING_H_
#define SERVER_POLICY_FACT_MAPPING_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"
#include "server/expression/environment.h"
#include "server/expression/program.h"
#include "server/policy/mapping.h"

namespace fundgate::policy {

// One table. All programs read one frame, see TableMapping. A row of another kind than `when` says
// nothing; a field that is NULL is missing.
struct FactTableMapping {
  struct Field {
    std::string name;
    v1::FactType type = v1::FACT_TYPE_UNSPECIFIED;
    expression::Program program;
  };

  std::string table;
  std::string emit;  // the fact's name
  std::unique_ptr<expression::Environment> environment;
  std::optional<expression::Program> when;
  std::vector<Field> fields;  // sorted by name
  std::string key;            // the field that is the fact's key
  std::string account;        // the field that is its account; empty if none is
};

// The compiled table, or nothing and all issues. Text accepts text and integers. Whether the fields
// are those that the fact declares is Validate()'s business; others are left out here.
std::optional<FactTableMapping> CompileFactTable(const v1::Table& table, const v1::Fact& fact,
                                                 std::vector<MappingIssue>* issues);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_FACT_MAPPING_H_
