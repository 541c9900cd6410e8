// The verbs of fundctl. Each adds its options to the application and, when it is chosen, sets what
// is to be run. A new verb is a file, a line here and a line in all.cc.
#ifndef CLIENT_FUNDCTL_VERBS_H_
#define CLIENT_FUNDCTL_VERBS_H_

#include "client/fundctl/context.h"

namespace fundgate::fundctl {

void AddCheck(CLI::App& app, Context& context);
void AddConfirm(CLI::App& app, Context& context);
void AddRelease(CLI::App& app, Context& context);
void AddDecision(CLI::App& app, Context& context);
void AddBreaker(CLI::App& app, Context& context);
void AddPlan(CLI::App& app, Context& context);
void AddHold(CLI::App& app, Context& context);
void AddBook(CLI::App& app, Context& context);
void AddPolicy(CLI::App& app, Context& context);
void AddRules(CLI::App& app, Context& context);
void AddTrace(CLI::App& app, Context& context);
void AddEvent(CLI::App& app, Context& context);
void AddSource(CLI::App& app, Context& context);
void AddViolation(CLI::App& app, Context& context);
void AddAlert(CLI::App& app, Context& context);
void AddStatus(CLI::App& app, Context& context);
void AddSecurity(CLI::App& app, Context& context);
void AddToken(CLI::App& app, Context& context);
void AddCompletion(CLI::App& app, Context& context);

// All of them, in the order in which --help lists them.
void AddAllVerbs(CLI::App& app, Context& context);

// Runs one command line: words without the program's name.
int RunFundctl(int argc, const char* const* argv, Context& context);

}  // namespace fundgate::fundctl

#endif  // CLIENT_FUNDCTL_VERBS_H_
