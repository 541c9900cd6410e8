// The machine's answers and state, reduced to what the model is compared by.
#ifndef TESTS_MODEL_MACHINE_PICTURE_H_
#define TESTS_MODEL_MACHINE_PICTURE_H_

#include "server/core/outcome.h"
#include "server/core/state.h"
#include "tests/model/picture.h"

namespace fundgate::model {

AnswerPicture PictureOf(const core::Outcome& outcome);
StatePicture PictureOf(const core::MemoryState& state);

}  // namespace fundgate::model

#endif  // TESTS_MODEL_MACHINE_PICTURE_H_
