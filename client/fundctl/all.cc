// The verbs of fundctl, in the order in which --help lists them. A new verb is a file that defines
// Add<Verb>, and a line here.
#include "client/fundctl/verbs.h"

#define FUNDGATE_VERBS(VERB) \
  VERB(Check)                \
  VERB(Confirm)              \
  VERB(Release)              \
  VERB(Decision)             \
  VERB(Top)                  \
  VERB(Account)              \
  VERB(Breaker)              \
  VERB(Plan)                 \
  VERB(Hold)                 \
  VERB(Book)                 \
  VERB(Policy)               \
  VERB(Rules)                \
  VERB(Trace)                \
  VERB(Event)                \
  VERB(Source)               \
  VERB(Violation)            \
  VERB(Alert)                \
  VERB(Backup)               \
  VERB(Status)               \
  VERB(Security)             \
  VERB(Token)                \
  VERB(Profile)              \
  VERB(Completion)           \
  VERB(Manual)

namespace fundgate::fundctl {

#define FUNDGATE_DECLARE_VERB(Verb) void Add##Verb(CLI::App& app, Context& context);
FUNDGATE_VERBS(FUNDGATE_DECLARE_VERB)

void AddAllVerbs(CLI::App& app, Context& context) {
#define FUNDGATE_ADD_VERB(Verb) Add##Verb(app, context);
  FUNDGATE_VERBS(FUNDGATE_ADD_VERB)
}

}  // namespace fundgate::fundctl
