# SPDX-License-Identifier: MIT
#
# Checks layers, folders, repeated lines, names of classes and size.
#
#   awk -f house.awk rules.txt exemptions.txt FILE...
#
# FILE... are all sources, relative to the top folder. Prints one line for each
# violation and a summary. Exits 1 on a violation, 3 if there was nothing to
# check.

function violation(message) {
  print message
  ++violations
}

# Whether an exemption covers the violation; marks the exemption as needed.
function exempt(key) {
  if (!(key in exemption)) return 0
  needed[key] = 1
  return 1
}

function in_any(file, prefixes,  prefix) {
  for (prefix in prefixes)
    if (index(file, prefix "/") == 1) return 1
  return 0
}

# The room of a file, or of an included header; empty outside the rooms.
function room_of(path,  part) {
  sub(/^include\//, "", path)
  split(path, part, "/")
  if (part[1] == "pxdfuzz" || part[1] == "src") return part[2]
  return part[1] in layer ? part[1] : ""
}

function read_rule(  i) {
  if ($1 == "layer") {
    ++layers
    for (i = 2; i <= NF; ++i) layer[$i] = layers
  } else if ($1 == "never") {
    for (i = 3; i <= NF; ++i) never[$2, $i] = 1
  } else if ($1 == "exempt-folder") {
    exempt_folder[$2] = 1
  } else if ($1 == "counted") {
    for (i = 2; i <= NF; ++i) counted[$i] = 1
  } else if ($1 ~ /^(files|run|lines)$/ && $2 ~ /^[0-9]+$/) {
    limit[$1] = $2
  } else {
    violation(FILENAME ":" FNR ": unknown rule: " $0)
  }
}

# --- Layers ---

function check_include(  target, to) {
  target = $0
  sub(/^[^"<]*["<]/, "", target)
  sub(/[">].*/, "", target)
  if (target ~ /(^|\/)\.\.\//)
    violation(FILENAME ":" FNR ": includes a relative path: " target)
  if (target ~ /^(tests|bench)\//)
    violation(FILENAME ":" FNR ": includes " target ", a test or benchmark")
  to = room_of(target)
  if (to == "" || target !~ /\// || to == room) return
  ++includes
  if (!(to in layer)) {
    violation(FILENAME ":" FNR ": " target " is in no room of rules.txt")
  } else if ((layer[to] >= layer[room] || (room, to) in never) &&
             !exempt("include " FILENAME " " to)) {
    violation(FILENAME ":" FNR ": " room " must not include " to ": " target)
  }
}

# --- Repeated lines ---

function end_run() {
  if (run && !exempt("repeat " run_first " " FILENAME_of_run))
    violation(FILENAME_of_run ":" run_line ": " run " lines are equal to " \
              run_first ":" run_first_line)
  run = 0
}

# Adds a line to the window of the last limit["run"] lines of this file and
# looks the window up.
function check_repeat(  text, window, i, place, at) {
  text = $0
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  if (text == "" || text ~ /^# *include/) return
  ++compared
  recent[++stood] = text
  line_of[stood] = FNR
  if (stood < limit["run"]) return
  window = recent[stood - limit["run"] + 1]
  for (i = stood - limit["run"] + 2; i <= stood; ++i)
    window = window "\n" recent[i]
  at = stood - limit["run"] + 1
  if (!(window in seen)) {
    seen[window] = FILENAME " " at " " line_of[at]
    end_run()
    return
  }
  split(seen[window], place, " ")
  if (place[1] == FILENAME && place[2] + limit["run"] > at) return
  if (run && run_first == place[1] && run_next == place[2]) {
    ++run
  } else {
    end_run()
    run = limit["run"]
    run_line = line_of[at]
    run_first = place[1]
    run_first_line = place[3]
    FILENAME_of_run = FILENAME
  }
  run_next = place[2] + 1
}

# --- Classes ---

# Follows the namespaces of a file. A class with two definitions in one named
# namespace breaks the one-definition rule as soon as both are linked.
function check_class(  name, rest, at) {
  if (/^namespace [^=]*\{$/) {
    namespaces[++nested] = $2
    return
  }
  if (/^}  \/\/ namespace/) {
    --nested
    return
  }
  if (!match($0, /^(struct|class|enum class|enum) [A-Z][A-Za-z0-9_]*/)) return
  name = substr($0, 1, RLENGTH)
  rest = substr($0, RLENGTH + 1)
  # Specializations and declarations.
  if (rest ~ /^</ || rest ~ /^[^{]*;/) return
  sub(/.* /, "", name)
  for (at = nested; at; --at) {
    if (namespaces[at] == "{") return
    name = namespaces[at] "::" name
  }
  ++classes
  if (!(name in class_of)) {
    class_of[name] = FILENAME
  } else if (class_of[name] != FILENAME && !exempt("class " name)) {
    violation(FILENAME ":" FNR ": " class_of[name] " defines " name " as well")
  }
}

# --- Size ---

# Whether anything but blanks and comments remains of a line of C or C++.
# `block` and `raw` carry what a line leaves open: a comment, and the characters
# that end a raw string.
function is_code(s,  token, left) {
  left = ""
  while (s != "") {
    if (block || raw != "") {
      token = block ? "*/" : raw
      if (!block) left = "x"
      if (!index(s, token)) break
      s = substr(s, index(s, token) + length(token))
      block = 0
      raw = ""
      continue
    }
    if (!match(s,
        /R"[^(" ]*\(|"(\\.|[^"\\])*"|'(\\.|[^'\\])'|\/\/|\/\*/)) {
      left = left s
      break
    }
    token = substr(s, RSTART, RLENGTH)
    left = left substr(s, 1, RSTART - 1)
    s = substr(s, RSTART + RLENGTH)
    if (token == "//") break
    if (token == "/*") {
      block = 1
      continue
    }
    left = left "x"
    if (token ~ /^R/) raw = ")" substr(token, 3, length(token) - 3) "\""
  }
  return left ~ /[^ \t\r]/
}

function begin_file(  folder, cxx_name) {
  end_run()
  stood = block = nested = 0
  raw = ""
  ++files
  folder = FILENAME
  if (!sub(/\/[^\/]*$/, "", folder)) folder = "."
  if (!in_any(FILENAME, exempt_folder)) ++files_in[folder]
  cxx_name = FILENAME ~ /\.(h|cc|c|h\.in|cc\.in|c\.in)$/
  cxx = cxx_name
  room = ""
  if (FILENAME ~ /^(include|src|fuzz|kernel|machine)\//) {
    room = room_of(FILENAME)
    # Files for a whole folder, such as CMakeLists.txt, have no room.
    if (cxx_name && !(room in layer)) {
      violation(FILENAME ": is in no room of rules.txt")
      room = ""
    }
  }
  counts = in_any(FILENAME, counted) && FILENAME !~ /\.(dict|options)$/
  repeats = counts || FILENAME !~ /^tests\//
}

FNR == 1 {++file_number}
file_number <= 2 && /^[ \t]*(#|$)/ {next}
file_number == 1 {read_rule(); next}
file_number == 2 {exemption[$1 " " $2 ($3 == "" ? "" : " " $3)] = 1; next}
FNR == 1 {begin_file()}
room != "" && cxx && /^[ \t]*#[ \t]*include[ \t]*["<]/ {check_include()}
repeats {check_repeat()}
FILENAME ~ /\.h$|^(include|src|fuzz|kernel)\/.*\.cc$/ {check_class()}
counts && (cxx ? is_code($0) : !/^[ \t]*(#|$)/) {++lines}

END {
  end_run()
  for (folder in files_in)
    if (files_in[folder] > limit["files"] && !exempt("folder " folder))
      violation(folder ": " files_in[folder] " files, at most " limit["files"])
  if (lines > limit["lines"])
    violation(lines " lines of code, at most " limit["lines"])
  for (key in exemption)
    if (!(key in needed)) violation("this exemption is not needed: " key)
  print files " files, " includes " includes between rooms, " compared \
        " lines compared, " classes + 0 " classes, " lines " lines of code of at most " limit["lines"]
  if (violations) exit 1
  if (!includes || !compared || !classes || !lines) {
    print "nothing to check: no includes, no lines, no classes or no code"
    exit 3
  }
}
