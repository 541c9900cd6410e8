// The verbs of fundctl as one application. Each verb is a file that defines Add<Verb>, which adds
// its options to the application and, when it is chosen, sets what is to be run; all.cc lists them.
#ifndef CLIENT_FUNDCTL_VERBS_H_
#define CLIENT_FUNDCTL_VERBS_H_

#include "client/fundctl/context.h"

namespace fundgate::fundctl {

// All of them, in the order in which --help lists them.
void AddAllVerbs(CLI::App& app, Context& context);

// Runs one command line: words without the program's name.
int RunFundctl(int argc, const char* const* argv, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_VERBS_H_
