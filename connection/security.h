// What a caller of the gate needs beside its address: whom it trusts and who it is.
#ifndef CONNECTION_SECURITY_H_
#define CONNECTION_SECURITY_H_

#include <string>

namespace fundgate::connection {

// Names of files. All empty: plain text, for a gate on the same machine.
struct Security {
  std::string authorities_file;  // PEM: who signs the gate's certificate
  std::string certificate_file;  // PEM: the caller's own certificate and what leads to an authority
  std::string key_file;          // PEM: its key; empty: in certificate_file too
  std::string token_file;        // a bearer token and nothing else
  std::string server_name;       // the name in the gate's certificate; empty: the address's host

  // Whether the caller says who it is.
  bool authenticates() const { return !certificate_file.empty() || !token_file.empty(); }
  bool any() const { return authenticates() || !authorities_file.empty(); }
};

}  // namespace fundgate::connection

#endif  // CONNECTION_SECURITY_H_
