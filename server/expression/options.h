// The bounds within which expressions are accepted.
#ifndef SERVER_EXPRESSION_OPTIONS_H_
#define SERVER_EXPRESSION_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace fundgate::expression {

// What Options::variables_max can be at most.
inline constexpr size_t kVariablesLimit = 32;

// All are limits at load but the last group, which a run keeps to.
struct Options {
  // Text of one expression, in bytes. Longer ones are tables in disguise and belong into data.
  size_t source_bytes_max = 16 * 1024;
  // Nodes of the tree: literals, names, selections, operators, calls. Bounds time and memory.
  size_t nodes_max = 2000;
  // Levels of the tree, and brackets nested in the text. Bounds the machine stack of parsing and
  // evaluating; CEL asks for at least 32. A chain `a + b + c` has a level per operator.
  size_t depth_max = 200;
  // Elements of one list literal, entries of one map literal. CEL asks for at least 32.
  size_t list_elements_max = 500;
  // Variables of macros and cel.bind that are known at one place, never more than kVariablesLimit.
  // CEL asks for at least 12.
  size_t variables_max = kVariablesLimit;
  // Arguments of one call. CEL asks for at least 32.
  size_t arguments_max = 32;
  // RE2's measure of a compiled pattern; about the count of instructions.
  int regex_program_max = 2000;
  // Memory RE2 may use for one pattern, in bytes, its cache of states included.
  int64_t regex_memory_max = 1 << 20;
  // Problems reported for one expression; a last one says that there are more.
  size_t issues_max = 20;
  // What the proof of an expression's cost takes a string or bytes without a declared bound to be,
  // in bytes. Longer ones are right, and are counted as they are when it runs.
  uint64_t string_bytes_assumed = 4096;
  // Where names are looked for first: in "shop.orders" x means shop.orders.x, else shop.x, else x;
  // .x means x alone.
  std::string container{};
  // False: literals and variables count as dyn, and names that mean nothing fail when they are
  // reached, so that only the run tells; for tests of what the run makes of wrong types.
  bool typed = true;

  // Steps of one run: nodes evaluated, elements looked at, and kStringBytesPerStep bytes of text
  // searched or built. What can't be proven to stay within it is refused at load; a run that gets
  // there all the same (a list longer than declared) ends in the error kTooManySteps. A step takes
  // some 10 ns, so this is a few milliseconds.
  uint64_t cost_max = 250'000;
  // What a run may build when the caller hands in no scratch, in bytes.
  size_t scratch_bytes_max = size_t{256} * 1024;
};

}  // namespace fundgate::expression

#endif  // SERVER_EXPRESSION_OPTIONS_H_
