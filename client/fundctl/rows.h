// What overviews show of breakers, holds, violations and books: a short row each.
#ifndef CLIENT_FUNDCTL_ROWS_H_
#define CLIENT_FUNDCTL_ROWS_H_

#include <string>
#include <vector>

#include "client/fundctl/context.h"
#include "fundgate/v1/book.pb.h"
#include "fundgate/v1/breakers.pb.h"
#include "fundgate/v1/holds.pb.h"
#include "fundgate/v1/violation.pb.h"

namespace fundgate::fundctl {

using Row = std::vector<std::string>;

Row BreakerHead();
Row ShortRow(const Context& context, const v1::Breaker& breaker);

Row HoldHead();
Row ShortRow(const Context& context, const v1::Hold& hold);

Row ViolationHead();
Row ShortRow(const Context& context, const v1::Violation& violation);

// A row for each counter that isn't zero: money by the book's currency.
Row BookHead();
void AddRows(const Context& context, const v1::Book& book, std::vector<Row>& rows);

// "BREAKERS" and the table, or one line that there are none.
std::string Section(const Context& context, const std::string& title, const std::vector<Row>& rows,
                    const std::string& none);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_ROWS_H_
