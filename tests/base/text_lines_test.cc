// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/text_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pxdfuzz {
namespace {

using ::testing::ElementsAre;

TEST(ShellWordTest, QuotesSpecialCharacters) {
  EXPECT_EQ(ShellWord("a/b-c_1.2=3,4:5+6@7%8"), "a/b-c_1.2=3,4:5+6@7%8");
  EXPECT_EQ(ShellWord(""), "''");
  EXPECT_EQ(ShellWord("a b"), "'a b'");
  EXPECT_EQ(ShellWord("*$`\"\\"), "'*$`\"\\'");
  EXPECT_EQ(ShellWord("it's"), "'it'\\''s'");
}

TEST(ExcerptTest, IsOneLineOfAscii) {
  EXPECT_EQ(Excerpt("what\n\x01 \xff ~"), "'what\\n\\x01 \\xff ~'");
  EXPECT_EQ(Excerpt("it's \\"), "'it\\'s \\\\'");
  EXPECT_EQ(Excerpt("12345", 5), "'12345'");
  EXPECT_EQ(Excerpt("123456", 5), "'12345...'");
  EXPECT_EQ(Excerpt(""), "''");
}

TEST(WrapWordsTest, BreaksBetweenWords) {
  EXPECT_THAT(WrapWords("- ", "  ", "one two  three four", 9),
              ElementsAre("- one two", "  three", "  four"));
  EXPECT_THAT(WrapWords("- ", "  ", "", 9), ElementsAre("- "));
  // Columns are characters.
  EXPECT_THAT(WrapWords("", "", "\xc3\xa4\xc3\xa4 b", 4),
              ElementsAre("\xc3\xa4\xc3\xa4 b"));
}

TEST(WrapWordsTest, KeepsOrBreaksALongWord) {
  EXPECT_THAT(WrapWords("- ", "  ", "a 123456789 b", 6),
              ElementsAre("- a", "  123456789", "  b"));
  EXPECT_THAT(WrapWords("- ", "  ", "a 123456789 b", 6, LongWords::kCut),
              ElementsAre("- a", "  1234", "  5678", "  9 b"));
  EXPECT_THAT(WrapWords("", "", "1234", 4, LongWords::kCut),
              ElementsAre("1234"));
}

TEST(TextLinesTest, StylesWholeLinesWithColor) {
  TextLines plain(/*color=*/false, /*columns=*/5);
  plain.Wrap("", "", "one two", LineStyle::kMarked);
  EXPECT_EQ(plain.text(), "one\ntwo\n");
  TextLines color(/*color=*/true, /*columns=*/5);
  color.Wrap("", "", "one two", LineStyle::kMarked);
  EXPECT_EQ(color.text(), "\x1b[31mone\x1b[0m\n\x1b[31mtwo\x1b[0m\n");
}

TEST(NumbersTest, FormatAsText) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'234'567), "1,234,567");
  EXPECT_EQ(Hex(0x10080000000), "0x10080000000");
  EXPECT_EQ(ByteSize(uint64_t{2} << 30), "2 GiB");
  EXPECT_EQ(ByteSize(1000), "1000 bytes");
  EXPECT_EQ(Plural(1, "page"), "1 page");
  EXPECT_EQ(Plural(2, "page"), "2 pages");
  EXPECT_EQ(Enumerate({"a"}), "a");
  EXPECT_EQ(Enumerate({"a", "b", "c"}), "a, b and c");
}

}  // namespace
}  // namespace pxdfuzz
