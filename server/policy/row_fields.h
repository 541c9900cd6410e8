// Which fields the rows of a movement must and may have.
#ifndef SERVER_POLICY_ROW_FIELDS_H_
#define SERVER_POLICY_ROW_FIELDS_H_

#include <string>
#include <vector>

#include "fundgate/policy/v1/document.pb.h"

namespace fundgate::policy {

struct RowFields {
  std::vector<std::string> required;
  std::vector<std::string> all;  // those, and the optional ones
};

// By the names of Table.fields: "account_id", "parts.net". The order is required of kinds that
// touch a book kept by order.
RowFields RowFieldsOf(const v1::Document& document, const v1::Movement& movement);

}  // namespace fundgate::policy

#endif  // SERVER_POLICY_ROW_FIELDS_H_
