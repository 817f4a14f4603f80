// SPDX-License-Identifier: MIT

#include "src/cli/commands.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

const Command* FindCommand(std::string_view name) {
  for (const Command& command : Commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string FlagUsage(const Flag& flag) {
  return flag.value.empty() ? std::string(flag.name)
                            : Concat({flag.name, "=", flag.value});
}

void PrintHelp(const Command& command, Output& out) {
  TextLines text(/*color=*/false);
  std::string usage = Concat({"usage: pxdfuzz ", command.name});
  for (const Flag& flag : command.flags) {
    usage += Concat({" [", FlagUsage(flag), "]"});
  }
  if (!command.operands.empty()) usage += Concat({" ", command.operands});
  text.Wrap("", "    ", usage);
  text.Blank();
  text.Wrap("", "", command.help);
  if (command.operands.starts_with("FILE")) {
    text.Wrap("", "",
              "A case is bytes or text, recognized by its content; '-' is "
              "standard input.");
  }
  if (!command.flags.empty()) text.Blank();
  size_t width = 14;
  for (const Flag& flag : command.flags) {
    width = std::max(width, FlagUsage(flag).size());
  }
  for (const Flag& flag : command.flags) {
    std::string usage_of_flag = FlagUsage(flag);
    usage_of_flag.resize(width, ' ');
    text.Wrap(Concat({"  ", usage_of_flag, "  "}), std::string(width + 4, ' '),
              flag.help);
  }
  text.Blank();
  text.Line("example:");
  text.Line(Concat({"  ", command.example}));
  out.Write(text.text());
}

void PrintHelp(Output& out) {
  TextLines text(/*color=*/false);
  text.Line(
      "pxdfuzz finds where two ways of walking Linux page tables disagree.");
  text.Blank();
  text.Line("usage: pxdfuzz COMMAND [FLAG...] [FILE...]");
  text.Blank();
  for (const Command& command : Commands()) {
    std::string usage = Concat({command.name, " ", command.operands});
    usage.resize(std::max<size_t>(usage.size(), 22), ' ');
    text.Line(Concat({"  ", usage, "  ", command.summary}));
  }
  text.Line("  help [COMMAND]          print this, or more on a command");
  text.Line("  --version               print the version");
  text.Blank();
  text.Line("example:");
  text.Line("  pxdfuzz explain corpus/regressions/thread-wrong-page.yaml");
  text.Blank();
  text.Line("exit codes:");
  text.Line("  0  done; replay, campaign and triage: nothing was found");
  text.Line("  1  a finding of theirs");
  text.Line("  2  wrong usage");
  text.Line("  3  input that cannot be read, output that cannot be written,");
  text.Line("     or nothing was done");
  out.Write(text.text());
}

int UsageError(std::string_view message, std::string_view command) {
  PrintError(Concat({message, "; see 'pxdfuzz help", command.empty() ? "" : " ",
                     command, "'"}));
  return kUsage;
}

// Parses `words`. Returns a message if they are wrong. Abseil's own flags would
// exit with 1, which means a finding here, and do not support commands.
std::optional<std::string> Parse(const Command& command,
                                 std::span<const std::string> words,
                                 Arguments& arguments) {
  bool flags_end = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (flags_end || word == "-" || !word.starts_with('-')) {
      arguments.operands.push_back(word);
      continue;
    }
    if (word == "--") {
      flags_end = true;
      continue;
    }
    const size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    if (name == "-o") name = "--output";
    const auto flag =
        std::find_if(command.flags.begin(), command.flags.end(),
                     [&name](const Flag& known) { return known.name == name; });
    if (flag == command.flags.end()) {
      return Concat({command.name, ": there is no flag '", word, "'"});
    }
    std::string value;
    if (equals != word.npos) {
      if (flag->value.empty()) {
        return Concat({command.name, ": ", flag->name, " takes no value"});
      }
      value = word.substr(equals + 1);
    } else if (!flag->value.empty() && i + 1 < words.size()) {
      value = words[++i];
    }
    if (!flag->value.empty() && value.empty()) {
      return Concat({command.name, ": ", flag->name,
                     " needs a value: ", FlagUsage(*flag)});
    }
    arguments.flags.emplace_back(name, value);
  }
  if (arguments.operands.size() < command.least) {
    return Concat({command.name, ": say which: ", command.operands});
  }
  if (arguments.operands.size() > command.most) {
    return Concat(
        {command.name, ": '", arguments.operands[command.most],
         command.most == 0 ? "' is not wanted" : "' is one file too many"});
  }
  return std::nullopt;
}

bool AsksForHelp(std::span<const std::string> words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--help" || word == "-h") return true;
  }
  return false;
}

int Help(std::span<const std::string> words, Output& out) {
  if (words.empty() || AsksForHelp(words)) {
    PrintHelp(out);
    return kNothingFound;
  }
  const Command* command = FindCommand(words[0]);
  if (command == nullptr) {
    return UsageError(Concat({"there is no command '", words[0], "'"}), "");
  }
  if (words.size() > 1) {
    return UsageError(Concat({"help: '", words[1], "' is not wanted"}), "");
  }
  PrintHelp(*command, out);
  return kNothingFound;
}

int Dispatch(std::span<const std::string> words, Output& out) {
  if (words.empty()) return UsageError("no command", "");
  const std::string& name = words[0];
  const std::span<const std::string> rest = words.subspan(1);
  if (name == "help" || name == "--help" || name == "-h") {
    return Help(rest, out);
  }
  if (name == "--version" || name == "version") {
    if (!rest.empty()) {
      return UsageError(Concat({"--version: '", rest[0], "' is not wanted"}),
                        "");
    }
    out.Write("pxdfuzz " PXDFUZZ_VERSION "\n");
    return kNothingFound;
  }
  const Command* command = FindCommand(name);
  if (command == nullptr) {
    return UsageError(
        Concat({"there is no ", name.starts_with('-') ? "flag" : "command",
                " '", name, "'"}),
        "");
  }
  if (AsksForHelp(rest)) {
    PrintHelp(*command, out);
    return kNothingFound;
  }
  Arguments arguments;
  if (const auto error = Parse(*command, rest, arguments); error.has_value()) {
    return UsageError(*error, command->name);
  }
  return command->run(arguments, out);
}

}  // namespace

bool Arguments::Has(std::string_view flag) const {
  return std::any_of(flags.begin(), flags.end(),
                     [flag](const auto& given) { return given.first == flag; });
}

std::string Arguments::Value(std::string_view flag) const {
  std::string value;
  for (const auto& given : flags) {
    if (given.first == flag) value = given.second;
  }
  return value;
}

void PrintError(std::string_view message) {
  const std::string line = Concat({"pxdfuzz: ", message, "\n"});
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void PrintError(const absl::Status& status) {
  PrintError(std::string(status.message()));
}

int WriteResult(std::string_view bytes, const Arguments& arguments, int code,
                Output& out) {
  const std::string file = arguments.Value("--output");
  if (file.empty() || file == "-") {
    out.Write(bytes);
    return code;
  }
  const absl::Status status = WriteFile(file, bytes, arguments.Has("--force"));
  if (status.ok()) return code;
  PrintError(status);
  return kUnreadable;
}

int RunProgram(std::span<const std::string> words, Output& out) {
  if (const std::string error = Environment::Read().error; !error.empty()) {
    PrintError(error);
    return kUsage;
  }
  const int code = Dispatch(words, out);
  if (out.status().ok()) return code;
  PrintError(out.status());
  return kUnreadable;
}

}  // namespace pxdfuzz
