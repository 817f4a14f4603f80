// SPDX-License-Identifier: MIT

#include "tests/hardware/gdb.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz::hardware {
namespace {

std::string Hexadecimal(uint64_t number, int digits) {
  std::string text;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    text += "0123456789abcdef"[number >> shift & 15];
  }
  return text;
}

// The value of an attribute of an XML element, or nothing.
std::string Attribute(std::string_view element, std::string_view name) {
  const std::string key = ' ' + std::string(name) + "=\"";
  const size_t at = element.find(key);
  if (at == std::string_view::npos) return "";
  element.remove_prefix(at + key.size());
  return std::string(element.substr(0, element.find('"')));
}

// The text without comments, which may contain elements.
std::string WithoutComments(std::string xml) {
  constexpr std::string_view kBegin = "<!--";
  constexpr std::string_view kEnd = "-->";
  while (true) {
    const size_t begin = xml.find(kBegin);
    if (begin == std::string::npos) return xml;
    const size_t end = xml.find(kEnd, begin);
    xml.erase(begin,
              end == std::string::npos ? end : end + kEnd.size() - begin);
  }
}

// Calls `visit` for each element with that name, with its text.
template <class Visit>
void ForEachElement(std::string_view xml, std::string_view name, Visit visit) {
  const std::string key = '<' + std::string(name) + ' ';
  while (true) {
    const size_t at = xml.find(key);
    if (at == std::string_view::npos) return;
    xml.remove_prefix(at + 1);
    visit(xml.substr(0, xml.find('>')));
  }
}

}  // namespace

Gdb::Gdb(Stream& stream) : stream_(stream) {
  int next = 0;
  ForEachElement(
      Describe("target.xml"), "xi:include", [&](std::string_view include) {
        ForEachElement(Describe(Attribute(include, "href")), "reg",
                       [&](std::string_view element) {
                         const std::string number =
                             Attribute(element, "regnum");
                         if (!number.empty()) next = std::atoi(number.c_str());
                         numbers_[Attribute(element, "name")] = next++;
                       });
      });
}

std::string Gdb::Packet(std::string_view content) {
  uint8_t sum = 0;
  for (const char c : content) {
    sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(c));
  }
  return '$' + std::string(content) + '#' + Hexadecimal(sum, 2);
}

std::string Gdb::ReadPacket() {
  // A `+` may come first. QEMU also expects one, but continues without it if
  // another packet comes.
  stream_.ReadUntil('$');
  std::string content = stream_.ReadUntil('#');
  stream_.Read(2);
  return content;
}

std::string Gdb::Exchange(std::string_view content) {
  stream_.Write(Packet(content));
  return ReadPacket();
}

std::vector<std::string> Gdb::Ask(const std::vector<std::string>& commands) {
  std::string packets;
  for (const std::string& command : commands) {
    std::string content = "qRcmd,";
    for (const char c : command) {
      content += Hexadecimal(static_cast<uint8_t>(c), 2);
    }
    packets += Packet(content);
  }
  stream_.Write(packets);
  std::vector<std::string> printed(commands.size());
  for (std::string& text : printed) {
    // Packets of hexadecimal text, and one that ends them.
    while (true) {
      const std::string packet = ReadPacket();
      if (packet == "OK") break;
      if (packet.size() % 2 != 1 || packet[0] != 'O') {
        Fail("QEMU's debug stub refuses a command: " + packet);
      }
      for (size_t i = 1; i < packet.size(); i += 2) {
        text += static_cast<char>(
            std::strtoul(packet.substr(i, 2).c_str(), nullptr, 16));
      }
    }
  }
  return printed;
}

std::string Gdb::Describe(std::string_view file) {
  std::string text;
  while (true) {
    const std::string part =
        Exchange("qXfer:features:read:" + std::string(file) + ':' +
                 Hexadecimal(text.size(), 8) + ",800");
    if (part.empty() || (part[0] != 'm' && part[0] != 'l')) {
      Fail("QEMU's debug stub does not describe the machine");
    }
    text += part.substr(1);
    if (part[0] == 'l') return WithoutComments(text);
  }
}

void Gdb::Set(std::string_view name, uint64_t value) {
  const auto number = numbers_.find(name);
  if (number == numbers_.end()) {
    Fail("QEMU's debug stub has no register " + std::string(name));
  }
  // In the machine's byte order.
  const std::string answer =
      Exchange('P' + Hexadecimal(static_cast<uint64_t>(number->second), 8) +
               '=' + Hexadecimal(__builtin_bswap64(value), 16));
  if (answer != "OK")
    Fail("QEMU's debug stub did not set " + std::string(name));
}

}  // namespace pxdfuzz::hardware
