// Every column type at its boundary values, and a table that has them all.
#ifndef TESTS_MARIADB_COLUMN_CASES_H_
#define TESTS_MARIADB_COLUMN_CASES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "server/sidecar/binlog/value.h"
#include "tests/mariadb/server.h"

namespace fundgate::mariadb_testing {

struct ColumnCase {
  std::string definition;
  const char* select;  // how SELECT asks for the value, of which "$" is the column
  binlog::Value::Kind kind;
  std::vector<const char*> values;  // SQL
};

const std::vector<ColumnCase>& ColumnCases();

// The column of the table d.t that has the case: "c0".
std::string ColumnName(size_t i);

// Rows of d.t, numbered from 0 in column `id`; the last one is NULL everywhere else.
size_t RowsOfCases();

// Makes d.t and fills it.
void FillTableOfCases(Server& server);

}  // namespace fundgate::mariadb_testing

#endif  // TESTS_MARIADB_COLUMN_CASES_H_
