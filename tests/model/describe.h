// Inputs, answers and states as text that a person can read and turn into a test.
#ifndef TESTS_MODEL_DESCRIBE_H_
#define TESTS_MODEL_DESCRIBE_H_

#include <string>

#include "server/core/input.h"
#include "tests/model/picture.h"

namespace fundgate::model {

std::string Describe(const core::Input& input);
std::string Describe(const core::BookId& book);
std::string Describe(const AnswerPicture& answer);

// Only the parts in which the two differ.
std::string TextOfDifference(const StatePicture& machine, const StatePicture& model);

}  // namespace fundgate::model

#endif  // TESTS_MODEL_DESCRIBE_H_
