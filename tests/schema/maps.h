// Table maps of servers that log no names, and definitions, for tests.
#ifndef TESTS_SCHEMA_MAPS_H_
#define TESTS_SCHEMA_MAPS_H_

#include <string>
#include <string_view>
#include <vector>

#include "server/sidecar/binlog/table.h"
#include "server/sidecar/schema/definition.h"

namespace fundgate::schema::testing {

// What CREATE TABLE defines; the test fails if it isn't understood. Text is utf8mb4.
Definition DefinitionOf(std::string_view create);

// The map of pay.refund with these columns: of each the type that a server would log.
binlog::Table MapOf(const Definition& definition);

// "id,amount" in the table's order, and then the key in brackets.
std::string NamesOf(const binlog::Table& table);
std::string NamesOf(const Definition& definition);

}  // namespace fundgate::schema::testing

#endif  // TESTS_SCHEMA_MAPS_H_
