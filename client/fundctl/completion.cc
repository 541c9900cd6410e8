// Shell completion, made of the application's own tree of commands.
#include <memory>
#include <ostream>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {
namespace {

// The words that may follow this command: its subcommands and its options.
std::string WordsAfter(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* sub : command.get_subcommands(nullptr)) words.push_back(sub->get_name());
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return absl::StrJoin(words, " ");
}

// Calls `visit(path, words)` for the command and all below it; a path is "breaker trip".
template <typename Visit>
void ForEachCommand(const CLI::App& command, const std::string& path, const Visit& visit) {
  visit(path, WordsAfter(command));
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    ForEachCommand(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), visit);
  }
}

// Finds the path of commands typed so far, then offers what may follow it.
void PrintBash(const CLI::App& app, std::ostream& out) {
  out << "_fundctl() {\n"
         "  local path='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    [[ $word == -* ]] || path=\"${path:+$path }$word\"\n"
         "  done\n"
         "  local words=''\n"
         "  case $path in\n";
  // A case takes the first pattern that fits, so the deepest commands come first.
  std::vector<std::string> cases;
  ForEachCommand(app, "", [&cases](const std::string& path, const std::string& words) {
    cases.push_back(
        absl::StrCat("    '", path, "'", path.empty() ? "" : "*", ") words='", words, "' ;;\n"));
  });
  for (auto entry = cases.rbegin(); entry != cases.rend(); ++entry) out << *entry;
  out << "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "}\n"
         "complete -F _fundctl fundctl\n";
}

void PrintZsh(const CLI::App& app, std::ostream& out) {
  out << "#compdef fundctl\n"
         "autoload -U +X bashcompinit && bashcompinit\n";
  PrintBash(app, out);
}

void PrintFish(const CLI::App& app, std::ostream& out) {
  out << "complete -c fundctl -f\n";
  ForEachCommand(app, "", [&out](const std::string& path, const std::string& words) {
    const std::string condition =
        path.empty() ? "__fish_use_subcommand"
                     : absl::StrCat("string match -q -- 'fundctl ", path, "*' (commandline -cp)");
    out << "complete -c fundctl -n \"" << condition << "\" -a '" << words << "'\n";
  });
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
