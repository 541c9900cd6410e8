// Manual pages, made of the application's own tree of commands: what --help shows, as roff.
#include <algorithm>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "client/fundctl/command_tree.h"
#include "client/fundctl/verbs.h"

namespace fundgate::fundctl {
namespace {

// Text that roff shows as it is.
std::string Roff(const std::string& text) {
  std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\e"}, {"-", "\\-"}});
  std::vector<std::string> lines = absl::StrSplit(escaped, '\n');
  for (std::string& line : lines) {
    if (!line.empty() && (line.front() == '.' || line.front() == '\'')) line.insert(0, "\\&");
  }
  return absl::StrJoin(lines, "\n");
}

std::string FullName(const std::string& path) {
  return path.empty() ? "fundctl" : absl::StrCat("fundctl ", path);
}

std::string PageName(const std::string& verb) {
  return verb.empty() ? "fundctl" : absl::StrCat("fundctl-", verb);
}

// "trace export [OPTIONS] decision"
std::string Synopsis(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (option->nonpositional()) continue;
    const std::string& name = option->get_name();
    absl::StrAppend(&text, " ", option->get_required() ? "" : "[", "\\fI", Roff(name), "\\fR",
                    option->get_required() ? "" : "]");
  }
  return absl::StrCat(text, " [\\fIOPTIONS\\fR]",
                      command.get_subcommands(nullptr).empty() ? "" : " \\fICOMMAND\\fR");
}

void PrintOption(const CLI::Option& option, std::ostream& out) {
  std::string name = option.nonpositional() ? "" : option.get_name();
  for (const std::string& word : option.get_lnames()) {
    absl::StrAppend(&name, name.empty() ? "" : ", ", "--", word);
  }
  out << ".TP\n\\fB" << Roff(name) << "\\fR";
  const std::vector<std::string> choices = ChoicesOf(option);
  if (!choices.empty()) {
    out << " " << Roff(absl::StrJoin(choices, " | "));
  } else if (TakesValue(option) && option.nonpositional()) {
    out << " \\fI" << Roff(option.get_type_name()) << "\\fR";
  }
  out << "\n" << Roff(option.get_description());
  if (option.get_required()) out << " (required)";
  if (!option.get_default_str().empty()) {
    out << " [default: " << Roff(option.get_default_str()) << "]";
  }
  if (!option.get_envname().empty()) out << ", or the environment's " << Roff(option.get_envname());
  out << "\n";
}

void PrintOptions(const CLI::App& command, std::ostream& out) {
  for (const CLI::Option* option : command.get_options()) PrintOption(*option, out);
}

// A footer's text, as it stands.
void PrintFooter(const std::string& footer, std::ostream& out) {
  const std::string text(absl::StripAsciiWhitespace(footer));
  if (!text.empty()) out << ".PP\n.nf\n" << Roff(text) << "\n.fi\n";
}

void PrintHead(const std::string& verb, const std::string& about, std::ostream& out) {
  std::string title = PageName(verb);
  std::transform(title.begin(), title.end(), title.begin(), absl::ascii_toupper);
  out << ".TH " << Roff(title) << " 1 \"\" \"Fundgate " << FUNDGATE_VERSION
      << "\" \"Fundgate Manual\"\n"
      << ".SH NAME\n"
      << Roff(PageName(verb)) << " \\- " << Roff(about) << "\n";
}

// One command with all below it.
void PrintCommand(const std::string& path, const CLI::App& command, std::ostream& out) {
  out << ".SS " << Roff(FullName(path)) << Synopsis(command) << "\n"
      << Roff(command.get_description()) << ".\n";
  PrintOptions(command, out);
  PrintFooter(command.get_footer(), out);
}

void PrintVerbPage(const CLI::App& verb, std::ostream& out) {
  PrintHead(verb.get_name(), verb.get_description(), out);
  out << ".SH SYNOPSIS\n\\fB" << Roff(FullName(verb.get_name())) << "\\fR" << Synopsis(verb)
      << "\n.SH COMMANDS\n";
  ForEachCommand(verb, verb.get_name(), [&out](const std::string& path, const CLI::App& command) {
    PrintCommand(path, command, out);
  });
  out << ".SH SEE ALSO\n\\fBfundctl\\fR(1): the options that every command takes, and exit codes\n";
}

void PrintOverview(const CLI::App& app, std::ostream& out) {
  PrintHead("", app.get_description(), out);
  out << ".SH SYNOPSIS\n\\fBfundctl\\fR" << Synopsis(app) << "\n.SH OPTIONS\n"
      << "Before or after the command.\n";
  PrintOptions(app, out);
  out << ".SH COMMANDS\n";
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    out << ".TP\n\\fB" << Roff(verb->get_name()) << "\\fR\n"
        << Roff(verb->get_description()) << ": \\fB" << Roff(PageName(verb->get_name()))
        << "\\fR(1)\n";
  }
  out << ".SH EXIT STATUS AND EXAMPLES\n";
  PrintFooter(app.get_footer(), out);
}

ExitCode WriteAll(const CLI::App& app, Context& context, const std::string& folder) {
  std::vector<const CLI::App*> pages = {nullptr};
  for (const CLI::App* verb : app.get_subcommands(nullptr)) pages.push_back(verb);
  for (const CLI::App* verb : pages) {
    const std::string name =
        absl::StrCat(folder, "/", PageName(verb == nullptr ? "" : verb->get_name()), ".1");
    std::ofstream file(name);
    verb == nullptr ? PrintOverview(app, file) : PrintVerbPage(*verb, file);
    file.close();
    if (!file.good()) {
      context.err << "fundctl manual: " << name << " can't be written\n";
      return kUsage;
    }
  }
  context.out << pages.size() << " pages written to " << folder << "\n";
  return kOk;
}

ExitCode PrintOne(const CLI::App& app, Context& context, const std::string& wanted) {
  if (wanted.empty()) {
    PrintOverview(app, context.out);
    return kOk;
  }
  for (const CLI::App* verb : app.get_subcommands(nullptr)) {
    if (verb->get_name() != wanted) continue;
    PrintVerbPage(*verb, context.out);
    return kOk;
  }
  context.err << "fundctl manual: there is no command " << wanted << "\n";
  return kUsage;
}

}  // namespace

void AddManual(CLI::App& app, Context& context) {
  auto wanted = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("manual", "Prints or writes the manual pages");
  verb->footer(
      "\nExamples:\n"
      "  fundctl manual trace | man -l -\n"
      "  fundctl manual --to /usr/local/share/man/man1\n");
  CLI::Option* one = verb->add_option("command", *wanted, "The page of this command");
  verb->add_option("--to", *folder, "Write all pages into this folder")->excludes(one);
  verb->callback([&app, &context, wanted, folder] {
    context.run = [&app, &context, wanted, folder] {
      return folder->empty() ? PrintOne(app, context, *wanted) : WriteAll(app, context, *folder);
    };
  });
}

}  // namespace fundgate::fundctl
