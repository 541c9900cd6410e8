// The two forms that decoded transactions are printed in.
#ifndef SERVER_SIDECAR_DECODE_PRINTER_H_
#define SERVER_SIDECAR_DECODE_PRINTER_H_

#include <memory>
#include <ostream>

#include "absl/status/status.h"
#include "server/sidecar/binlog/transaction.h"

namespace fundgate::decode {

// A listener that prints. Finish is called once after the last event of a file: it ends a
// transaction that the file doesn't end.
class Printer : public binlog::TransactionListener {
 public:
  virtual void Finish() = 0;
};

// With `only_with_rows`, a transaction is printed at its first row or unreadable thing, and not at
// all without one. `out` lives longer.
std::unique_ptr<Printer> MakeTextPrinter(std::ostream& out, bool only_with_rows);
std::unique_ptr<Printer> MakeJsonPrinter(std::ostream& out, bool only_with_rows);

}  // namespace fundgate::decode

#endif  // SERVER_SIDECAR_DECODE_PRINTER_H_
