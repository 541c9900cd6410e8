// What kind of world a seed makes.
#ifndef TESTS_SIMULATION_SETTING_H_
#define TESTS_SIMULATION_SETTING_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "tests/model/random_values.h"

namespace fundgate::simulation {

struct Setting {
  size_t steps = 0;
  bool rogues = false;            // somebody writes to the databases who did not ask
  bool failovers = false;         // databases tell things again under other names
  bool unreadable = false;        // rows that nobody can read
  bool power = false;             // the power goes, processes end
  bool disk = false;              // the disk runs full, fails to write, fails to sync
  bool clocks = false;            // somebody sets the wall clock
  bool storms = false;            // the network drops everything for a while
  bool leaps = false;             // minutes, and once more than a year, in which nothing happens
  bool operators = false;         // breakers, holds, policies
  bool reviews = false;           // most of the day is about what is held, approved, held once more
  std::optional<uint64_t> terms;  // the policy's, from this seed; the usual ones without
  bool calm_beginning = false;    // what was paid first is known before anybody asks

  static Setting Of(uint64_t seed) {
    model::Dice dice(seed ^ 0x5e771de5ULL);
    Setting setting;
    setting.steps = 120 + dice.Roll(180);
    setting.rogues = dice.Percent(50);
    setting.failovers = dice.Percent(45);
    setting.unreadable = dice.Percent(25);
    setting.power = dice.Percent(60);
    setting.disk = dice.Percent(40);
    setting.clocks = dice.Percent(40);
    setting.storms = dice.Percent(30);
    setting.leaps = dice.Percent(60);
    setting.operators = dice.Percent(60);
    setting.calm_beginning = dice.Percent(75);
    setting.reviews = dice.Percent(12);
    if (dice.Percent(50)) setting.terms = seed;
    return setting;
  }
};

}  // namespace fundgate::simulation

#endif  // TESTS_SIMULATION_SETTING_H_
