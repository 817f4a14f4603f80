// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SITES_SITES_SCANNER_H_
#define PXDFUZZ_SRC_CLI_SITES_SITES_SCANNER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz {

// The kinds of uses of pXd_addr_end() and pXd_offset().
enum class SiteKind : uint8_t {
  kAddrEnd,    // pXd_addr_end(addr, end)
  kRoot,       // pgd_offset(mm, addr): there is no entry above
  kByPointer,  // pXd_offset(pXdp, addr): a pointer into a table
  kLockless,   // pXd_offset_lockless(pXdp, pXd, addr)
  kByValue,    // pXd_offset(&pXd, addr): the address of a copy
};

// What a function does with one entry.
enum class ReadKind : uint8_t {
  kOnce,   // READ_ONCE(*pXdp), pXdp_get(pXdp), ptep_get_lockless(ptep), ...
  kPlain,  // *pXdp
};

std::string_view Name(SiteKind kind);
std::string_view Name(ReadKind kind);

// A call; `line` counts from 1.
struct Site {
  int line = 0;
  SiteKind kind = SiteKind::kAddrEnd;
  std::string callee;    // "pmd_offset_lockless"
  std::string function;  // that it is in, or the macro
};

struct EntryRead {
  int line = 0;
  ReadKind kind = ReadKind::kPlain;
  std::string text;  // "*pudp", "ptep_get_lockless"
  std::string function;
};

// A function or macro that has at least one site.
struct WalkerFunction {
  std::string function;
  int line = 0;  // of its first site
  bool is_macro = false;
  bool takes_lock = false;   // in its own code, or asserts that one is held
  bool steps = false;        // pXdp++ or the like
  bool is_lockless = false;  // passes an entry's value on, or reads it once
  int addr_ends = 0;
  int roots = 0;
  int by_pointer = 0;
  int lockless = 0;
  int by_value = 0;
  int once = 0;
  int plain = 0;

  // May run without the lock: works on values of entries and takes no lock.
  bool is_candidate() const { return is_lockless && !takes_lock && !is_macro; }
};

// All ordered by line.
struct SourceSites {
  std::vector<Site> sites;
  std::vector<EntryRead> reads;  // of walkers only
  std::vector<WalkerFunction> walkers;
};

// Finds the sites in one C source. It works on tokens: there is no
// preprocessor, so all branches of #if count, and the expansions of other
// macros do not.
class SiteScanner {
 public:
  // Whether a scan may find anything; much cheaper than a scan.
  static bool MayHaveSites(std::string_view source);

  static SourceSites Scan(std::string_view source);
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SITES_SITES_SCANNER_H_
