// SPDX-License-Identifier: MIT

// `pxdfuzz explain --html`: the page, its drawing, and how a browser renders
// both. Runs in the project's folder.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/explain.h"
#include "src/cli/text/html_report.h"
#include "src/cli/text/walk_drawing.h"
#include "tests/changing_cases.h"
#include "tests/random_bytes.h"

namespace pxdfuzz {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

namespace fs = std::filesystem;

// A wrong page and a missing page with 3 levels, 2 and 4 levels, arm64, a walk
// that agrees, and a request that is refused.
constexpr std::string_view kCases[] = {
    "thread-wrong-page", "thread-short", "thread-zero-stack", "border-1-mib",
    "border-4-tib",      "x86-512-gib",  "arm64-realigned",   "arm64-by-luck",
    "old-page-written",  "beyond-limit", "large-then-page"};

std::string Contents(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Ran {
  int code = -1;
  std::string out;
  std::string error;
};

class HtmlTest : public ::testing::Test {
 protected:
  HtmlTest() {
    std::string name = (fs::temp_directory_path() / "pxdfuzz-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    scratch_ = name;
  }
  ~HtmlTest() override { fs::remove_all(scratch_); }

  std::string Scratch(std::string_view name) const {
    return (scratch_ / name).string();
  }

  // Runs a shell command in which $P is the program.
  Ran Shell(const std::string& line) const {
    const std::string out = Scratch("stdout");
    const std::string error = Scratch("stderr");
    const std::string command = "P='" PXDFUZZ_BIN "/pxdfuzz'; { " + line +
                                "\n} >'" + out + "' 2>'" + error + "'";
    const int status = system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            Contents(out), Contents(error)};
  }
  Ran Explain(std::string_view name, const std::string& flags) const {
    return Shell("\"$P\" explain corpus/regressions/" + std::string(name) +
                 ".yaml " + flags);
  }

  fs::path scratch_;
};

// A root table is added during the walk, and a page is unmapped.
constexpr std::string_view kUpgrade = R"(version: 1
space: s390/3
requests:
- {start: 0x1007ffff000, pages: 2, access: read}
stack:
  position: 0
  around: copy
tables:
- map: {pte: 0x1007ffff000, count: 1, frame: 0x1000000, state: rw young dirty}
- map: {pte: 0x10080000000, count: 1, frame: 0x2000000, state: rw young dirty}
changes:
- before read 4: upgrade
- before read 6: clear pte of 0x1007ffff000
)";

// Elements without start or end tag; empty if there are none. Supports only the
// HTML of this project.
std::string Unbalanced(std::string_view html) {
  const std::set<std::string, std::less<>> kVoid = {"meta", "br", "!DOCTYPE"};
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != html.npos; at = html.find('<', at)) {
    const size_t end = html.find('>', at);
    if (end == html.npos) return "a tag that does not end";
    const std::string_view tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) {
      return "a quote in " + std::string(tag);
    }
    if (tag.find('<') != tag.npos) return "a bare < in " + std::string(tag);
    const bool ends = tag.starts_with('/');
    const std::string name(
        tag.substr(ends, tag.find_first_of(" /", ends) - ends));
    if (ends) {
      if (open.empty() || open.back() != name) return "</" + name + ">";
      open.pop_back();
    } else if (!tag.ends_with('/') && !kVoid.contains(name)) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "<" + open.back() + ">";
}

// A browser, or nothing.
std::string Browser() {
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "" : path;
  folders += ":";
  for (size_t at = 0; at < folders.size();) {
    const size_t end = folders.find(':', at);
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
      const fs::path file = fs::path(folders.substr(at, end - at)) / name;
      std::error_code error;
      if (fs::is_regular_file(file, error)) return file.string();
    }
    at = end + 1;
  }
  return "";
}

TEST_F(HtmlTest, UnbalancedFindsErrors) {
  EXPECT_EQ(Unbalanced("<p>a<br>b<rect x=\"1\"/></p>"), "");
  EXPECT_EQ(Unbalanced("<p>a"), "<p>");
  EXPECT_EQ(Unbalanced("<p><b></p></b>"), "</p>");
  EXPECT_NE(Unbalanced("<p>a < b</p>"), "");
  EXPECT_NE(Unbalanced("<p class=\"a>b</p>"), "");
}

TEST_F(HtmlTest, WritesASelfContainedPage) {
  for (const std::string_view name : kCases) {
    const Ran ran =
        Explain(name, "--html='" + Scratch("page.html") + "' --force");
    EXPECT_EQ(ran.error, "") << name;
    EXPECT_EQ(ran.out, "") << name;
    EXPECT_EQ(ran.code, 0) << name;
    const std::string html = Contents(Scratch("page.html"));
    EXPECT_THAT(html, StartsWith("<!DOCTYPE html>\n<html lang=\"en\">"));
    EXPECT_EQ(Unbalanced(html), "") << name;
    for (const std::string_view not_there :
         {"<script", "<link", "<img", "@import", "src=", "href=", "url(http",
          "javascript:"}) {
      EXPECT_THAT(html, Not(HasSubstr(not_there))) << name;
    }
    // No URL except the name of SVG's elements.
    size_t addresses = 0;
    for (size_t at = 0; (at = html.find("http", at)) != html.npos; ++at) {
      ++addresses;
    }
    const bool drawn = name != "beyond-limit";
    EXPECT_EQ(addresses, drawn ? 1u : 0u) << name;
    EXPECT_EQ(html.find("<svg") != html.npos, drawn) << name;
    // The same case as other bytes and at another time.
    const Ran again = Shell("\"$P\" explain --html=- corpus/regressions/" +
                            std::string(name) + ".bin");
    EXPECT_EQ(again.out, html) << name;
  }
}

TEST_F(HtmlTest, ShowsWhereTheCopyIsLeft) {
  const std::string html = Explain("thread-wrong-page", "--html=-").out;
  EXPECT_THAT(html, HasSubstr("returns a wrong page: page 1 of 2"));
  EXPECT_THAT(html, HasSubstr("The walk leaves the p4d copy at pud."));
  EXPECT_THAT(html, HasSubstr("ends at 0x10080000000, but the pud"));
  EXPECT_THAT(html, HasSubstr("2 GiB below 0x10080000000"));
  EXPECT_THAT(html, HasSubstr(">leaves the copy:<"));
  EXPECT_THAT(html, HasSubstr(">local copy of p4d<"));
  EXPECT_THAT(html, HasSubstr("<title id=\"drawing-title\">The paths of"));
  EXPECT_THAT(html, HasSubstr("<desc id=\"drawing-desc\">On s390"));
  EXPECT_THAT(html, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(html, HasSubstr("@media print"));
  EXPECT_THAT(html, HasSubstr("x: the entry that p4d passes on spans 2 GiB"));
  const std::string agrees = Explain("old-page-written", "--html=-").out;
  EXPECT_THAT(agrees, Not(HasSubstr("leaves the copy")));
  EXPECT_THAT(agrees, Not(HasSubstr("class=\"sentence\"")));
}

TEST_F(HtmlTest, ReplacesNothingWithoutForce) {
  std::ofstream(Scratch("there.html")) << "mine";
  const std::string flag = "--html='" + Scratch("there.html") + "'";
  const Ran ran = Explain("thread-short", flag);
  EXPECT_EQ(ran.code, 3);
  EXPECT_EQ(ran.error, "pxdfuzz: " + Scratch("there.html") +
                           ": exists; --force replaces it\n");
  EXPECT_EQ(Contents(Scratch("there.html")), "mine");
  EXPECT_EQ(Explain("thread-short", flag + " --force").code, 0);
  EXPECT_THAT(Contents(Scratch("there.html")), HasSubstr("</html>"));
  EXPECT_EQ(Explain("thread-short", "--html=/no/such/folder/x").code, 3);
  EXPECT_EQ(
      Explain("thread-short", "--walk=kernel-x --html=" + Scratch("k")).code,
      2);
  EXPECT_EQ(Explain("thread-short", "--json --html=" + Scratch("k")).code, 2);
  EXPECT_FALSE(fs::exists(Scratch("k")));
}

TEST_F(HtmlTest, UsesBoxCharactersInUtf8Locales) {
  const std::string run =
      "\"$P\" explain --full "
      "corpus/regressions/thread-wrong-page.yaml";
  const std::string none = "env -u LC_ALL -u LC_CTYPE -u LANG ";
  const std::string ascii = Shell(none + run).out;
  EXPECT_EQ(Shell(none + "LANG=C.UTF-8 LC_ALL=C " + run).out, ascii);
  const std::string box = Shell(none + "LANG=de_DE.utf8 " + run).out;
  EXPECT_EQ(Shell(none + "LANG=C LC_CTYPE=C.UTF-8 " + run).out, box);
  EXPECT_THAT(ascii, HasSubstr("\n   +- [512] 0x10000000000 -> segment"));
  EXPECT_THAT(box, HasSubstr("\n   ├─ [512] 0x10000000000 → segment"));
  EXPECT_TRUE(std::all_of(ascii.begin(), ascii.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80;
  }));
}

TEST(EscapedTest, LeavesNoMarkup) {
  EXPECT_EQ(Escaped("a<b>&\"c\"'d'"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#39;d&#39;");
}

TEST(HtmlReportTest, EscapesTheWholeExplanation) {
  const std::string evil = "</pre><script>&\"'";
  WalkPicture picture;
  for (int i = kLevelCount; i > 0; --i) {
    picture.levels.push_back(
        {.level = kAllLevels[static_cast<size_t>(i - 1)], .table = evil});
  }
  picture.walk = evil;
  WalkPicture::Entry entry;
  entry.meaning = evil;
  entry.page = 0;
  entry.later.emplace_back();
  entry.later.back().meaning = evil;
  picture.tables = {{.name = evil, .size = 4, .entries = {entry}}};
  picture.pages = {{.roles = {evil}}};
  picture.stack = {
      .copied_from = evil, .pointer = evil, .content = evil, .meaning = evil};
  picture.walk_path = {{.at = WalkPicture::Step::At::kStack},
                       {.at = WalkPicture::Step::At::kNowhere}};
  picture.walk_stop = evil;
  picture.nowhere = evil;
  Explanation e{.walk = evil, .conclusive = true, .headline = evil};
  e.source = {{evil, true}};
  e.is_wrong = true;
  e.token = evil;
  e.wrong_iteration = evil;
  e.terms = {evil + ": " + evil};
  e.glossary = {{evil, evil}};
  e.timeline = Explanation::Timeline{
      .reads = 3,
      .changes = {{.number = 1,
                   .read = 2,
                   .made = true,
                   .what = evil,
                   .wrote = {evil}}},
      .steps = {{.read = 1, .text = evil}, {.snapshot = 1, .text = evil}}};
  e.picture = picture;
  e.page_header = {evil, evil, evil, evil};
  e.pages = {{.marked = true, .cells = {evil, evil, evil, evil}}};
  e.notes = {evil};
  e.other_walks = {evil};
  e.reference_title = evil;
  e.iterations = {
      {.marked = true,
       .part = evil,
       .pointer = evil,
       .rereads = {evil},
       .place = evil,
       .read = evil,
       .next = evil,
       .after = {evil},
       .reference = {evil},
       .rule = evil,
       .effect = evil},
      {.change = Explanation::Change{.what = evil, .wrote = {evil}}}};
  e.references = {{evil, {evil}, evil}};
  const std::string html = HtmlReport(e);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_EQ(Unbalanced(html), "");
}

// No two texts of a drawing overlap and all are inside it, by the character
// size of the layout.
void ExpectTextsApart(const WalkDrawing& drawing) {
  for (size_t a = 0; a < drawing.texts.size(); ++a) {
    const WalkDrawing::Text& text = drawing.texts[a];
    const double width =
        kDrawnCharacter * static_cast<double>(text.text.size());
    ASSERT_GE(text.x, 0);
    ASSERT_LE(text.x + width, drawing.width) << text.text;
    ASSERT_LE(text.y + 4, drawing.height) << text.text;
    for (size_t b = 0; b < a; ++b) {
      const WalkDrawing::Text& other = drawing.texts[b];
      const double other_width =
          kDrawnCharacter * static_cast<double>(other.text.size());
      const bool side_by_side =
          text.x + width <= other.x || other.x + other_width <= text.x;
      ASSERT_TRUE(side_by_side || std::abs(text.y - other.y) >= 15)
          << text.text << " and " << other.text;
    }
  }
  ASSERT_EQ(Unbalanced(ToSvg(drawing, "t", "d")), "");
}

TEST(WalkDrawingTest, TextsDoNotOverlap) {
  Oracle oracle;
  RandomBytes random(11);
  int drawn = 0;
  int left = 0;
  for (int i = 0; i < 1500; ++i) {
    const Case c = Decode(random.Next());
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    for (size_t request = 0; request < verdict.requests.size(); ++request) {
      const size_t walk = static_cast<size_t>(i) % kWalkCount;
      const Explanation e = ExplainModel(c, verdict, request, walk);
      if (!e.conclusive) continue;
      ++drawn;
      left += e.picture->stack.has_value();
      ASSERT_NO_FATAL_FAILURE(
          ExpectTextsApart(LayOut(*e.picture, e.wrong_iteration)));
    }
  }
  EXPECT_GT(drawn, 500);
  EXPECT_GT(left, 20);
}

// The same with changes: each changed entry shows its old value, struck out,
// and its new value.
TEST(WalkDrawingTest, ChangesDoNotOverlap) {
  Oracle oracle;
  int drawn = 0;
  std::map<TableOp::Kind, int> kinds;
  ForChangingCases(1500, [&](const Case& c, uint64_t seed) {
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    for (size_t request = 0; request < verdict.requests.size(); ++request) {
      const size_t walk = seed % kWalkCount;
      const Explanation e = ExplainModel(c, verdict, request, walk);
      if (!e.conclusive) continue;
      const WalkDrawing drawing = LayOut(*e.picture, e.wrong_iteration);
      ASSERT_NO_FATAL_FAILURE(ExpectTextsApart(drawing));
      ++drawn;
      std::string texts;
      for (const WalkDrawing::Text& text : drawing.texts) {
        texts += text.text + "\n";
      }
      for (const Explanation::Change& change : e.timeline->changes) {
        if (!change.made || change.wrote[0].starts_with("nothing")) continue;
        ++kinds[c.concurrent[change.number - 1].kind];
        ASSERT_THAT(
            texts, HasSubstr("change " + std::to_string(change.number) + ": "));
        ASSERT_TRUE(std::any_of(
            drawing.texts.begin(), drawing.texts.end(),
            [](const auto& text) { return text.kind.ends_with(" struck"); }));
      }
    }
  });
  EXPECT_GT(drawn, 500);
  EXPECT_EQ(kinds.size(), 10u);
}

TEST_F(HtmlTest, ShowsConcurrentOperations) {
  const fs::path file = fs::path(Scratch("race.yaml"));
  std::ofstream(file) << R"(version: 1
space: s390/2
requests:
- {start: 0x100000, pages: 2, access: read}
stack:
  position: 0
  around: copy
tables:
- map: {pte: 0x100000, count: 1, frame: 0x1000000, state: rw young dirty}
changes:
- before read 5: detach pmd of 0x100000
)";
  const std::string run = "\"$P\" explain '" + file.string() + "' ";
  for (const Policy& policy : kAllWalks) {
    const std::string walk = "--walk=" + std::string(Name(policy));
    const Ran text = Shell(run + walk);
    ASSERT_EQ(text.code, 0) << text.error;
    EXPECT_THAT(text.out,
                HasSubstr("\n== change 1, before read 5: detach pmd of "));
    const Ran html = Shell(run + walk + " --html=-");
    EXPECT_EQ(html.code, 0) << html.error;
    EXPECT_EQ(Unbalanced(html.out), "");
    EXPECT_THAT(html.out, HasSubstr("<tr class=\"change\">"));
  }
  const std::string html =
      Shell(run + "--walk=folded-aware-by-value --html=-").out;
  EXPECT_THAT(html, HasSubstr("returns a stale page: page 0 of 2, at"));
  EXPECT_THAT(html, HasSubstr("<li><strong>4</strong> pmd</li>\n</ol></li>\n"
                              "<li class=\"change\"><strong>== change 1, "
                              "before read 5: detach pmd of 0x100000"));
  EXPECT_THAT(html, HasSubstr("<li class=\"grab\">grabs page 0</li>\n"
                              "<li class=\"wrong\">"));
  EXPECT_THAT(html, HasSubstr(">page table 0</text>"));
  EXPECT_THAT(html, HasSubstr("class=\"entry-text struck\""));
  EXPECT_THAT(html, HasSubstr(">change 1: empty</text>"));
  EXPECT_THAT(html, HasSubstr("reference&#39;s in snapshot 1, dashed"));
}

// The rendering in a browser: a script in a copy of the page measures the
// screen and writes its results into the title.
TEST_F(HtmlTest, ABrowserShowsAllOfIt) {
  const std::string browser = Browser();
  if (browser.empty()) {
    GTEST_SKIP() << "no chromium is installed: what is on the screen is not "
                    "looked at";
  }
  constexpr std::string_view kMeasure = R"(<script>
const problems = [];
const svg = document.querySelector('svg');
const paper = svg.getBoundingClientRect();
const texts = [...svg.querySelectorAll('text')];
const boxes = texts.map(t => t.getBoundingClientRect());
let left = 0;
texts.forEach((t, i) => {
  const a = boxes[i];
  if (a.width < 4 || a.height < 8) problems.push('unseen: ' + t.textContent);
  if (a.left < paper.left || a.right > paper.right || a.top < paper.top ||
      a.bottom > paper.bottom) problems.push('outside: ' + t.textContent);
  if (t.textContent === 'leaves the copy:') left++;
  for (let j = 0; j < i; j++) {
    const b = boxes[j];
    if (a.left < b.right - 1 && b.left < a.right - 1 &&
        a.top < b.bottom - 3 && b.top < a.bottom - 3) {
      problems.push('overlap: ' + t.textContent + ' / ' +
                    texts[j].textContent);
    }
  }
});
if (document.documentElement.scrollWidth > window.innerWidth) {
  problems.push('wider than the window');
}
document.title = 'measured ' + texts.length + ' left ' + left + ' problems ' +
    problems.length + ': ' + problems.slice(0, 5).join(' | ');
</script></body>)";
  const std::string run = "timeout 90 '" + browser +
                          "' --headless --no-sandbox --disable-gpu "
                          "--user-data-dir='" +
                          Scratch("profile") + "' ";
  std::ofstream(Scratch("upgrade.yaml")) << kUpgrade;
  const std::vector<std::pair<std::string_view, int>> kLeft = {
      {"thread-wrong-page", 1},
      {"border-1-mib", 1},
      {"border-4-tib", 1},
      {"arm64-realigned", 1},
      {"upgrade", 0}};
  for (const auto& [name, left] : kLeft) {
    std::string html =
        name == "upgrade"
            ? Shell("\"$P\" explain --html=- '" + Scratch("upgrade.yaml") + "'")
                  .out
            : Explain(name, "--html=-").out;
    html.replace(html.rfind("</body>"), 7, kMeasure);
    std::ofstream(Scratch("copy.html")) << html;
    // A browser window cannot be narrower than 500 pixels; a frame can.
    std::ofstream(Scratch("narrow.html"))
        << "<!DOCTYPE html><title>no</title><iframe id=f width=360 height=800 "
           "src=copy.html></iframe><script>f.onload = () => { document.title "
           "= f.contentDocument.title; };</script>";
    for (const std::string_view page : {"copy.html", "narrow.html"}) {
      const Ran dom = Shell(run +
                            "--allow-file-access-from-files --dump-dom "
                            "'file://" +
                            Scratch(page) + "'");
      const size_t at = dom.out.find("<title>measured ");
      ASSERT_NE(at, dom.out.npos) << name << " " << page << dom.error;
      const std::string title =
          dom.out.substr(at, dom.out.find("</title>", at) - at);
      EXPECT_THAT(title,
                  HasSubstr(" left " + std::to_string(left) + " problems 0:"))
          << name << page;
    }
  }
  const Ran shot =
      Shell(run + "--window-size=1280,900 --screenshot='" +
            Scratch("shot.png") + "' 'file://" + Scratch("copy.html") + "'");
  const std::string png = Contents(Scratch("shot.png"));
  ASSERT_THAT(png, StartsWith("\x89PNG")) << shot.error;
  // A blank image of that size has about 5 KiB.
  EXPECT_GT(png.size(), 40'000u);
}

}  // namespace
}  // namespace pxdfuzz
