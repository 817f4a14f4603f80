// SPDX-License-Identifier: MIT

#include "pxdfuzz/compare.h"

#include <string>

#include "pxdfuzz/oracle.h"

namespace pxdfuzz {

std::string_view Describe(Incomparable reason) {
  switch (reason) {
    case Incomparable::kNo:
      return "comparable";
    case Incomparable::kEmptyCase:
      return "empty case: the input means nothing in format version 1";
    case Incomparable::kOverflow:
      return "refused: start and length of the request overflow";
    case Incomparable::kBeyondLimit:
      return "refused: the request ends beyond the limit of the address space";
    case Incomparable::kMalformedWord:
      return "malformed: a poke writes a word that is no entry of its level";
    case Incomparable::kMalformedTable:
      return "malformed: a poke points to what is no table of the level below";
    case Incomparable::kMalformedControl:
      return "malformed: a poke gives the hardware another root";
  }
  return "";
}

std::string Name(const Signature& signature) {
  std::string name(Name(signature.space.arch));
  name += '-';
  name += std::to_string(signature.space.levels);
  for (const std::string_view part :
       {Name(signature.walk), Name(signature.outcome), Name(signature.level)}) {
    name += '.';
    name += part;
  }
  name += '-';
  name += Name(signature.entry);
  return name;
}

template class BasicOracle<Architectures, CompiledWalks>;

}  // namespace pxdfuzz
