// A policy document on its way to the gate.
#ifndef CLIENT_FUNDCTL_POLICY_DOCUMENT_H_
#define CLIENT_FUNDCTL_POLICY_DOCUMENT_H_

#include <fstream>
#include <ostream>
#include <sstream>
#include <string>

#include "client/fundctl/context.h"
#include "fundgate/v1/policies.pb.h"

namespace fundgate::fundctl {

// Reads the file into `request`, with its name for the messages. False after a complaint.
template <typename Request>
bool ReadDocument(Context& context, const std::string& path, Request& request) {
  std::ifstream file(path);
  if (!file) {
    context.err << "fundctl policy: " << path << " can't be read\n";
    return false;
  }
  std::ostringstream text;
  text << file.rdbuf();
  request.set_document(text.str());
  request.set_file_name(path);
  return true;
}

// One line each on stderr: "file:line:column: message".
template <typename Problems>
void PrintProblems(Context& context, const Problems& problems) {
  for (const v1::PolicyProblem& problem : problems) {
    context.err << problem.file() << ":" << problem.line() << ":" << problem.column() << ": "
                << problem.message() << "\n";
  }
}

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_POLICY_DOCUMENT_H_
