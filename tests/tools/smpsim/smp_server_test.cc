// What the virtual application answers, to requests and in answers that are written out here as the documents say.
#include "tools/smpsim/smp_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/digest.h"
#include "tests/tools/smpsim/bench.h"

namespace motley::smpsim {
namespace {

using testing::ElementsAre;

constexpr std::uint8_t kRead = 0, kWrite = 2;

class SmpServerTest : public testing::Test {
 protected:
  SmpServerTest() {
    CHECK(bench_.RunUntil([&] { return bench_.RunsApplication(); }));
  }

  Bytes Ask(std::uint8_t op, std::uint16_t group, std::uint8_t command, CborWriter body) {
    const auto answer = bench_.Ask({op, 0, group, 0, command, body.Take()});
    CHECK(answer && answer->op == op + 1 && answer->group == group && answer->command == command);
    return answer->body;
  }
  static CborWriter Empty() { return CborWriter().BeginMap().End(); }
  /// A piece of `image`.
  Bytes Upload(const Bytes& image, std::size_t offset, std::size_t size) {
    bench_.Execute("buffers 4096 4");
    CborWriter body;
    body.BeginMap().Text("off").Unsigned(offset);
    if (offset == 0) {
      body.Text("len").Unsigned(image.size());
      const auto sha = Sha256Bytes({reinterpret_cast<const char*>(image.data()), image.size()});
      body.Text("sha").Binary(sha);
    }
    body.Text("data").Binary(std::span(image).subspan(offset, size)).End();
    return Ask(kWrite, 1, 1, body);
  }
  static Bytes Offset(std::uint64_t offset) {
    return CborWriter().BeginMap().Text("off").Unsigned(offset).End().Take();
  }
  static Bytes GroupError(std::uint64_t code) {
    return CborWriter()
        .BeginMap()
        .Text("err")
        .BeginMap()
        .Text("group")
        .Unsigned(1)
        .Text("rc")
        .Unsigned(code)
        .End()
        .End()
        .Take();
  }
  Bytes Hash(const Bytes& image) { return {image.end() - 32, image.end()}; }

  const Bytes old_ = ImageOf("1.0.0", 3000);
  const Bytes new_ = ImageOf("1.1.0", 3000);
  Bench bench_{old_};
};

// RFC 8949, 3.2.1 and appendix A: 0xBF begins a map and 0xFF ends it; 0x68 and 0x69 are texts of 8 and 9 bytes; 0x19
// is a number in two bytes.
TEST_F(SmpServerTest, SaysTheSizeAndNumberOfItsBuffers) {
  EXPECT_THAT(Ask(kRead, 0, 6, Empty()),
              ElementsAre(0xBF, 0x68, 'b', 'u', 'f', '_', 's', 'i', 'z', 'e', 0x19, 0x01, 0x80, 0x69, 'b', 'u', 'f',
                          '_', 'c', 'o', 'u', 'n', 't', 0x04, 0xFF));
}

// "SMP Groups", 0: {"d": text} is answered by {"r": text}.
TEST_F(SmpServerTest, Echoes) {
  EXPECT_THAT(Ask(kWrite, 0, 0, CborWriter().BeginMap().Text("d").Text("hey").End()),
              ElementsAre(0xBF, 0x61, 'r', 0x63, 'h', 'e', 'y', 0xFF));
}

TEST_F(SmpServerTest, SaysThatItDoesNotKnowAGroupOrACommand) {
  const auto not_supported = ElementsAre(0xBF, 0x62, 'r', 'c', 0x08, 0xFF);
  EXPECT_THAT(Ask(kRead, 9, 0, Empty()), not_supported);
  EXPECT_THAT(Ask(kRead, 0, 99, Empty()), not_supported);
}

TEST_F(SmpServerTest, ListsImages) {
  const auto listed = CborWriter()
                          .BeginMap()
                          .Text("images")
                          .BeginList()
                          .BeginMap()
                          .Text("slot")
                          .Unsigned(0)
                          .Text("version")
                          .Text("1.0.0")
                          .Text("hash")
                          .Binary(Hash(old_))
                          .Text("bootable")
                          .Bool(true)
                          .Text("pending")
                          .Bool(false)
                          .Text("confirmed")
                          .Bool(true)
                          .Text("active")
                          .Bool(true)
                          .Text("permanent")
                          .Bool(false)
                          .End()
                          .End()
                          .Text("splitStatus")
                          .Unsigned(0)
                          .End()
                          .Take();
  EXPECT_EQ(Ask(kRead, 1, 0, Empty()), listed);
}

TEST_F(SmpServerTest, TakesAnUploadAndSaysWhereItIs) {
  EXPECT_EQ(Upload(new_, 0, 1000), Offset(1000));
  EXPECT_EQ(Upload(new_, 1500, 300), Offset(1000));  // one in between was lost
  EXPECT_EQ(Upload(new_, 1000, 1000), Offset(2000));
  EXPECT_EQ(Upload(new_, 0, 1000), Offset(2000));  // the client has started over
  EXPECT_EQ(Upload(new_, 2000, new_.size() - 2000),
            CborWriter().BeginMap().Text("off").Unsigned(new_.size()).Text("match").Bool(true).End().Take());
  EXPECT_TRUE(bench_.Holds(1, new_));
}

TEST_F(SmpServerTest, ForgetsAnUploadWithAReset) {
  Upload(new_, 0, 1000);
  bench_.Reset();
  ASSERT_TRUE(bench_.RunUntil([&] { return bench_.RunsApplication(); }));
  EXPECT_EQ(Upload(new_, 1000, 1000), Offset(0));
  EXPECT_EQ(Upload(new_, 0, 1000), Offset(1000));
}

TEST_F(SmpServerTest, SaysWhenTheChecksumOfAnUploadIsWrong) {
  bench_.Execute("fail-write 0x82500");
  EXPECT_EQ(Upload(new_, 0, new_.size()),
            CborWriter().BeginMap().Text("off").Unsigned(new_.size()).Text("match").Bool(false).End().Take());
}

TEST_F(SmpServerTest, TestsConfirmsAndResets) {
  Upload(new_, 0, new_.size());
  Ask(kWrite, 1, 0, CborWriter().BeginMap().Text("hash").Binary(Hash(new_)).Text("confirm").Bool(false).End());
  EXPECT_EQ(bench_.Slots(), "slot0=1.0.0,active,confirmed slot1=1.1.0,pending");
  // The slot is not free now.
  EXPECT_EQ(Upload(old_, 0, 1000), GroupError(9));
  EXPECT_THAT(Ask(kWrite, 0, 5, Empty()), ElementsAre(0xBF, 0xFF));
  ASSERT_TRUE(bench_.RunUntil([&] { return bench_.Slots() == "slot0=1.1.0,active slot1=1.0.0,confirmed"; }));
  ASSERT_TRUE(bench_.RunUntil([&] { return bench_.RunsApplication(); }));
  EXPECT_EQ(Upload(old_, 0, 1000), GroupError(9));
  Ask(kWrite, 1, 0, CborWriter().BeginMap().Text("confirm").Bool(true).End());
  EXPECT_EQ(bench_.Slots(), "slot0=1.1.0,active,confirmed slot1=1.0.0");
}

TEST_F(SmpServerTest, RefusesWhatIsNoImageOrTooLarge) {
  EXPECT_EQ(Upload(Bytes(1000, 0x55), 0, 100), GroupError(23));
  EXPECT_EQ(Upload(new_, 0, 31), GroupError(22));
  const Bytes large = ImageOf("1.1.0", kMaxImageBytes);
  EXPECT_EQ(Upload(large, 0, 1000), GroupError(30));
  bench_.Execute("protocol 1");
  EXPECT_THAT(Upload(large, 0, 1000), ElementsAre(0xBF, 0x62, 'r', 'c', 0x02, 0xFF));
}

TEST_F(SmpServerTest, LosesWhatItsBuffersDoNotHold) {
  const Bytes body = CborWriter().BeginMap().Text("d").Text(std::string(400, 'x')).End().Take();
  EXPECT_FALSE(bench_.Ask({kWrite, 0, 0, 0, 0, body}));
  bench_.Execute("buffers 512 4");
  EXPECT_TRUE(bench_.Ask({kWrite, 0, 0, 0, 0, body}));
}

}  // namespace
}  // namespace motley::smpsim
