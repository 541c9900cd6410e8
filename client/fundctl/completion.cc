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
#include "client/fundctl/command_tree.h"
#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {
namespace {

// A word that may be typed next, and what it is for.
struct Word {
  std::string text;
  std::string about;
};

// The first sentence or so, without what shells would read as something else.
std::string About(const std::string& description) {
  std::string about = description.substr(0, description.find_first_of("\n;"));
  std::erase_if(about, [](char byte) { return byte == '\'' || byte == ':' || byte == '\\'; });
  return about;
}

// The words that may follow this command: its subcommands, options, and values without an option.
std::vector<Word> WordsAfter(const CLI::App& command) {
  std::vector<Word> words;
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    words.push_back({sub->get_name(), About(sub->get_description())});
  }
  for (const CLI::Option* option : command.get_options()) {
    if (!option->nonpositional()) {
      for (const std::string& choice : ChoicesOf(*option)) words.push_back({choice, ""});
    }
    for (const std::string& name : option->get_lnames()) {
      words.push_back({"--" + name, About(option->get_description())});
    }
  }
  return words;
}

// The same, with the options that every command takes.
std::vector<Word> WordsAt(const CLI::App& app, const std::string& path, const CLI::App& command) {
  std::vector<Word> words = WordsAfter(command);
  if (path.empty()) return words;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name != "help") words.push_back({"--" + name, About(option->get_description())});
    }
  }
  return words;
}

// Every option that takes a value, with the values it allows (none: any).
std::map<std::string, std::vector<std::string>> ValuedOptions(const CLI::App& app) {
  std::map<std::string, std::vector<std::string>> valued;
  ForEachCommand(app, "", [&valued](const std::string&, const CLI::App& command) {
    for (const CLI::Option* option : command.get_options()) {
      if (!TakesValue(*option)) continue;
      for (const std::string& name : option->get_lnames()) {
        valued["--" + name] = ChoicesOf(*option);
      }
    }
  });
  return valued;
}

std::string TextsOf(const std::vector<Word>& words) {
  std::vector<std::string> texts;
  for (const Word& word : words) texts.push_back(word.text);
  return absl::StrJoin(texts, " ");
}

// The arm of a `case` for each command: the deepest come first, because the first that fits counts.
template <typename Body>
std::string CommandArms(const CLI::App& app, const Body& body) {
  std::vector<std::string> arms;
  ForEachCommand(app, "", [&](const std::string& path, const CLI::App& command) {
    arms.push_back(absl::StrCat("      '", path, "'", path.empty() ? "" : "*", ") ",
                                body(WordsAt(app, path, command)), " ;;\n"));
  });
  return absl::StrJoin(arms.rbegin(), arms.rend(), "");
}

std::string NamesOfValued(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto& [name, values] : ValuedOptions(app)) names.push_back(name);
  return absl::StrJoin(names, "|");
}

// Finds the path of commands typed so far, then offers what may follow it: after an option that
// takes a value, that option's values.
void PrintBash(const CLI::App& app, std::ostream& out) {
  std::string choices;
  for (const auto& [name, values] : ValuedOptions(app)) {
    if (values.empty()) continue;
    absl::StrAppend(&choices, "      ", name, ") words='", absl::StrJoin(values, " "), "' ;;\n");
  }
  out << "_fundctl() {\n"
         "  local path='' option='' word words=''\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    if [[ -n $option ]]; then option=''; continue; fi\n"
         "    case $word in\n"
      << "      " << NamesOfValued(app) << ") option=$word ;;\n"
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
      << CommandArms(
             app, [](const std::vector<Word>& words) { return "words='" + TextsOf(words) + "'"; })
      << "    esac\n"
         "  fi\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
         "}\n"
         "complete -o default -F _fundctl fundctl\n";
}

// 'text:what it is for', as _describe takes it.
std::string Described(const std::vector<Word>& words) {
  std::vector<std::string> described;
  for (const Word& word : words) {
    described.push_back(
        absl::StrCat("'", word.text, word.about.empty() ? "" : ":", word.about, "'"));
  }
  return absl::StrCat("found=(", absl::StrJoin(described, " "), ")");
}

// The same for zsh, which shows what each word is for.
void PrintZsh(const CLI::App& app, std::ostream& out) {
  std::string choices;
  for (const auto& [name, values] : ValuedOptions(app)) {
    if (values.empty()) continue;
    absl::StrAppend(&choices, "      ", name, ") found=(", absl::StrJoin(values, " "), ") ;;\n");
  }
  out << "#compdef fundctl\n"
         "_fundctl() {\n"
         "  local typed='' option='' word\n"
         "  local -a found\n"
         "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
         "    if [[ -n $option ]]; then option=''; continue; fi\n"
         "    case $word in\n"
      << "      " << NamesOfValued(app) << ") option=$word ;;\n"
      << "      -*) ;;\n"
         "      *) typed=\"${typed:+$typed }$word\" ;;\n"
         "    esac\n"
         "  done\n"
         "  if [[ -n $option ]]; then\n"
         "    case $option in\n"
      << choices
      << "      *) _files; return ;;\n"
         "    esac\n"
         "  else\n"
         "    case $typed in\n"
      << CommandArms(app, Described)
      << "    esac\n"
         "  fi\n"
         "  _describe -t words fundctl found\n"
         "}\n"
         "if [[ ${funcstack[1]} == _fundctl ]]; then _fundctl \"$@\"; else compdef _fundctl "
         "fundctl; "
         "fi\n";
}

void PrintFish(const CLI::App& app, std::ostream& out) {
  ForEachCommand(app, "", [&](const std::string& path, const CLI::App& command) {
    const std::string condition =
        path.empty() ? "__fish_use_subcommand"
                     : absl::StrCat("string match -q -- 'fundctl ", path, " *' (commandline -cp)");
    // Right behind the command.
    const std::string next = path.empty() ? condition
                                          : absl::StrCat("string match -qr -- '^fundctl ", path,
                                                         " +[^ ]*\\$' (commandline -cp)");
    for (const CLI::App* sub : command.get_subcommands(nullptr)) {
      out << "complete -c fundctl -f -n \"" << next << "\" -a '" << sub->get_name() << "' -d '"
          << About(sub->get_description()) << "'\n";
    }
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames()) {
        out << "complete -c fundctl ";
        if (!path.empty()) out << "-n \"" << condition << "\" ";
        out << "-l " << name << " -d '" << About(option->get_description()) << "'";
        const std::vector<std::string> choices = ChoicesOf(*option);
        if (!choices.empty()) {
          out << " -x -a '" << absl::StrJoin(choices, " ") << "'";
        } else if (TakesValue(*option)) {
          out << " -r";
        }
        out << "\n";
      }
      if (option->nonpositional() || ChoicesOf(*option).empty()) continue;
      out << "complete -c fundctl -f -n \"" << condition << "\" -a '"
          << absl::StrJoin(ChoicesOf(*option), " ") << "'\n";
    }
  });
}

}  // namespace

void AddCompletion(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Prints a completion script for your shell");
  verb->footer(
      "\nExamples:\n"
      "  source <(fundctl completion bash)\n"
      "  fundctl completion zsh > ~/.zfunc/_fundctl      # a folder of zsh's fpath\n"
      "  fundctl completion fish > ~/.config/fish/completions/fundctl.fish\n");
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
