// Passing errors on: the two statements that functions returning absl::Status or StatusOr need.
#ifndef FUNDGATE_TYPES_STATUS_MACROS_H_
#define FUNDGATE_TYPES_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns the status of `expression` from the calling function unless it is ok.
#define FUNDGATE_RETURN_IF_ERROR(expression)                                \
  do {                                                                      \
    if (absl::Status fundgate_status = (expression); !fundgate_status.ok()) \
      return fundgate_status;                                               \
  } while (false)

#define FUNDGATE_MACRO_CONCAT_INNER(a, b) a##b
#define FUNDGATE_MACRO_CONCAT(a, b) FUNDGATE_MACRO_CONCAT_INNER(a, b)

// Declares or assigns `target` from a StatusOr, or returns its status from the calling function.
#define FUNDGATE_ASSIGN_OR_RETURN(target, expression) \
  FUNDGATE_ASSIGN_OR_RETURN_INNER(FUNDGATE_MACRO_CONCAT(fundgate_or_, __LINE__), target, expression)
#define FUNDGATE_ASSIGN_OR_RETURN_INNER(variable, target, expression) \
  auto variable = (expression);                                       \
  if (!(variable).ok()) return (variable).status();                   \
  target = *std::move(variable)

#endif  // FUNDGATE_TYPES_STATUS_MACROS_H_
