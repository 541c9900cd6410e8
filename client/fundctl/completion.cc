// Shell completion, made of the application's own tree of commands.
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {
namespace {

// The values that an option allows, if it allows only some: CLI11 shows them as "TEXT:{a,b}".
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

// The words that may follow this command: its subcommands, options, and values without an option.
std::vector<std::string> WordsAfter(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* sub : command.get_subcommands(nullptr)) words.push_back(sub->get_name());
  for (const CLI::Option* option : command.get_options()) {
    if (!option->nonpositional()) {
      for (std::string& choice : ChoicesOf(*option)) words.push_back(std::move(choice));
    }
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

// Calls `visit(path, command)` for the command and all below it; a path is "breaker trip".
template <typename Visit>
void ForEachCommand(const CLI::App& command, const std::string& path, const Visit& visit) {
  visit(path, command);
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    ForEachCommand(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), visit);
  }
}

// Every option that takes a value, with the values it allows (none: any).
std::map<std::string, std::vector<std::string>> ValuedOptions(const CLI::App& app) {
  std::map<std::string, std::vector<std::string>> valued;
  ForEachCommand(app, "", [&valued](const std::string&, const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
      if (option->get_items_expected_max() == 0) continue;
      for (const std::string& name : option->get_lnames()) {
        valued["--" + name] = ChoicesOf(*option);
      }
    }
  });
  return valued;
}

// The arm of a `case` for each command: the deepest come first, because the first that fits counts.
std::string CommandArms(const CLI::App& app) {
  std::vector<std::string> arms;
  ForEachCommand(app, "", [&](const std::string& path, const CLI::App& command) {
    std::vector<std::string> words = WordsAfter(command);
    if (!path.empty()) {
      for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
      }
    }
    arms.push_back(absl::StrCat("      '", path, "'", path.empty() ? "" : "*", ") words='",
                                absl::StrJoin(words, " "), "' ;;\n"));
  });
  return absl::StrJoin(arms.rbegin(), arms.rend(), "");
}

// Finds the path of commands typed so far, then offers what may follow it: after an option that
// takes a value, that option's values.
void PrintBash(const CLI::App& app, std::ostream& out) {
  std::vector<std::string> names;
  std::string choices;
  for (const auto& [name, values] : ValuedOptions(app)) {
    names.push_back(name);
    if (values.empty()) continue;
    absl::StrAppend(&choices, "      ", name, ") words='", absl::StrJoin(values, " "), "' ;;\n");
  }
  out << "_fundctl() {\n"
         "  local path='' option='' word words=''\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    if [[ -n $option ]]; then option=''; continue; fi\n"
         "    case $word in\n"
      << "      " << absl::StrJoin(names, "|") << ") option=$word ;;\n"
      << "      -*) ;;\n"
         "      *) path=\"${path:+$path }$word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  if [[ -n $option ]]; then\n"
         "    case $option in\n"
      << choices
      << "    esac\n"
         "  else\n"
         "    case $path in\n"
      << CommandArms(app)
      << "    esac\n"
         "  fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "}\n"
         "complete -o default -F _fundctl fundctl\n";
}

void PrintZsh(const CLI::App& app, std::ostream& out) {
  out << "#compdef fundctl\n"
         "autoload -U +X bashcompinit && bashcompinit\n";
  PrintBash(app, out);
}

void PrintFish(const CLI::App& app, std::ostream& out) {
  ForEachCommand(app, "", [&out](const std::string& path, const CLI::App& command) {
    const std::string condition =
        path.empty() ? "__fish_use_subcommand"
                     : absl::StrCat("string match -q -- 'fundctl ", path, "*' (commandline -cp)");
    out << "complete -c fundctl -n \"" << condition << "\" -a '"
        << absl::StrJoin(WordsAfter(command), " ") << "'\n";
  });
  for (const auto& [name, values] : ValuedOptions(app)) {
    if (values.empty()) continue;
    out << "complete -c fundctl -l " << name.substr(2) << " -x -a '" << absl::StrJoin(values, " ")
        << "'\n";
  }
}

}  // namespace

void AddCompletion(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Prints a completion script for your shell");
  verb->footer("\nExample:\n  source <(fundctl completion bash)\n");
  verb->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback([&app, &context, shell] {
    context.run = [&app, &context, shell] {
      if (*shell == "bash") PrintBash(app, context.out);
      if (*shell == "zsh") PrintZsh(app, context.out);
      if (*shell == "fish") PrintFish(app, context.out);
      return kOk;
    };
  });
}

}  // namespace fundgate::fundctl
