// Which way a boolean expression moves when one of its integer variables is raised.
#ifndef SERVER_EXPRESSION_MONOTONICITY_H_
#define SERVER_EXPRESSION_MONOTONICITY_H_

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/expression/program.h"

namespace fundgate::expression {

enum class Direction : uint8_t {
  kNone,       // the variable has no influence
  kLoosens,    // raising it can turn false into true, never true into false
  kTightens,   // raising it can turn true into false, never false into true
  kUnbounded,  // neither could be shown
};

// "no influence", "loosens", "tightens", "unbounded".
std::string_view ToString(Direction direction);

// For each of `slots` (int variables of the program's environment), in their order. The claim is
// about runs that end in true or false, all other slots held still; a run that ends in an error
// (overflow) is an outcome of its own, about which nothing is claimed. kLoosens and kTightens are
// proofs; kUnbounded only says that the rules below found none.
//
// The rules look at the tree alone: + - unary minus; * by a constant (sign aware); / by a constant
// that isn't 0; <= < >= >; == and != only of sides that do not depend on the variable; && || !; ?:
// with a condition that does not depend on it. Any other use of the variable is kUnbounded.
//
// A program that is not boolean, or a slot that it uses but not as an int, is kUnbounded.
std::vector<Direction> Monotonicity(const Program& program, std::span<const uint32_t> slots);

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_MONOTONICITY_H_
