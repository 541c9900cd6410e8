#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {

void AddAllVerbs(CLI::App& app, Context& context) {
  AddCheck(app, context);
  AddConfirm(app, context);
  AddRelease(app, context);
  AddDecision(app, context);
  AddBreaker(app, context);
  AddPlan(app, context);
  AddHold(app, context);
  AddBook(app, context);
  AddPolicy(app, context);
  AddRules(app, context);
  AddTrace(app, context);
  AddEvent(app, context);
  AddSource(app, context);
  AddViolation(app, context);
  AddAlert(app, context);
  AddStatus(app, context);
  AddSecurity(app, context);
  AddToken(app, context);
  AddCompletion(app, context);
}

}  // namespace fundgate::fundctl
