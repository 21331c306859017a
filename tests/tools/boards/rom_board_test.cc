#include "tools/boards/rom_board.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/tools/boards/echo_rom.h"
#include "tools/boards/simulator.h"
#include "tools/boards/text_image.h"

namespace motley::boards {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr milliseconds kPatience{10'000};

/// A board with an EchoRom that runs in a thread of its own, and a client of it.
class EchoBoard {
 public:
  explicit EchoBoard(SerialFormat format, Pace pace = Pace::kWire, const std::string& words = "") : rom_(format) {
    std::string name = (std::filesystem::temp_directory_path() / "echo-board.XXXXXX").string();
    CHECK(mkdtemp(name.data()) != nullptr);
    folder_ = name;
    if (!words.empty()) {
      const auto image = MakeTextImage({.size_bytes = 512, .words = words});
      std::copy(image.begin(), image.end(), rom_.flash().begin());
    }
    attachment_ = std::move(Attach(folder_.string())).value();
    thread_ = std::thread([this, pace] {
      RomBoard board(rom_, *attachment_.terminal, *attachment_.control, pace);
      board.Run(stop_);
    });
  }

  ~EchoBoard() {
    eventfd_write(stop_, 1);
    thread_.join();
    if (client_ >= 0) close(client_);
    close(stop_);
    std::filesystem::remove_all(folder_);
  }

  void Open(speed_t speed = B115200) {
    client_ = open(attachment_.terminal->path().c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    CHECK(client_ >= 0);
    termios settings{};
    CHECK(tcgetattr(client_, &settings) == 0);
    cfmakeraw(&settings);
    cfsetspeed(&settings, speed);
    CHECK(tcsetattr(client_, TCSANOW, &settings) == 0);
    Ask("lines");  // the board has seen the opening
  }

  void Close() { close(std::exchange(client_, -1)); }

  std::string Ask(const std::string& command) {
    const auto answer = ControlSocket::Ask(attachment_.control->path(), command);
    return answer ? *answer : answer.error().message;
  }

  void Send(const std::string& bytes) {
    CHECK(write(client_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }

  /// What comes until `size` bytes are there, or until patience ends.
  std::string Read(std::size_t size, milliseconds patience = kPatience) {
    const auto deadline = steady_clock::now() + patience;
    std::string text;
    while (text.size() < size) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
      pollfd readable{client_, POLLIN, 0};
      if (left.count() <= 0 || poll(&readable, 1, static_cast<int>(left.count())) <= 0) break;
      char bytes[512];
      const ssize_t count = read(client_, bytes, std::min(sizeof bytes, size - text.size()));
      if (count > 0) text.append(bytes, static_cast<std::size_t>(count));
    }
    return text;
  }

  std::string Echo(const std::string& bytes, std::size_t size) {
    Send(bytes);
    return Read(size);
  }

  bool Eventually(const std::string& fact) {
    const auto deadline = steady_clock::now() + kPatience;
    while ((" " + Ask("stat") + " ").find(" " + fact + " ") == std::string::npos) {
      if (steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(milliseconds(2));
    }
    return true;
  }

  const std::filesystem::path& folder() const { return folder_; }

 private:
  EchoRom rom_;
  std::filesystem::path folder_;
  Attachment attachment_;
  const int stop_ = eventfd(0, EFD_CLOEXEC);
  int client_ = -1;
  std::thread thread_;
};

const SerialFormat k115200{115200, Parity::kNone};

TEST(RomBoard, TakesTheTimeOfTheLineInBothDirections) {
  EchoBoard board({9600, Parity::kNone});
  board.Open(B9600);
  const auto begin = steady_clock::now();
  EXPECT_EQ(board.Echo(std::string(96, 'x'), 96).size(), 96u);
  // 96 bytes of 10 bits one way, and the last of them back: never less, however slow the machine.
  EXPECT_GE(steady_clock::now() - begin, milliseconds(100));
}

TEST(RomBoard, TakesElevenBitsWithParity) {
  EchoBoard board({9600, Parity::kEven});
  board.Open(B9600);
  EXPECT_EQ(board.Ask("frame 8e1"), "ok");
  const auto begin = steady_clock::now();
  EXPECT_EQ(board.Echo(std::string(96, 'x'), 96), std::string(96, 'x'));
  EXPECT_GE(steady_clock::now() - begin, milliseconds(110));
}

TEST(RomBoard, LosesNothingOfWhatIsMoreThanItsBufferHolds) {
  EchoBoard board({921600, Parity::kNone});
  board.Open(B921600);
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += static_cast<char>('a' + i % 26);
  EXPECT_EQ(board.Echo(bytes, bytes.size()), bytes);
}

TEST(RomBoard, WithoutPaceBytesTakeNoTime) {
  EchoBoard board({300, Parity::kNone}, Pace::kUnlimited);
  board.Open(B300);
  // At the pace of the line these would take more than two minutes.
  EXPECT_EQ(board.Echo(std::string(3000, 'x'), 3000), std::string(3000, 'x'));
  EXPECT_THAT(board.Ask("stat"), HasSubstr(" pace=off "));
  EXPECT_EQ(board.Ask("pace on"), "ok");
  EXPECT_THAT(board.Ask("stat"), HasSubstr(" pace=on "));
}

TEST(RomBoard, GarblesWhatHasAnotherBaudRateOrParity) {
  EchoBoard board(k115200);
  board.Open(B57600);
  EXPECT_EQ(board.Echo("a", 1), "a");  // garbage twice: there and back
  EXPECT_TRUE(board.Eventually("garbled_output=1"));
  EXPECT_EQ(board.Ask("frame 8e1"), "ok");
  board.Echo("a", 1);
  EXPECT_TRUE(board.Eventually("garbled_output=2"));
}

TEST(RomBoard, ResetsByDtrAtEachOpeningAndByTheButton) {
  EchoBoard board(k115200);
  EXPECT_TRUE(board.Eventually("resets=1"));
  board.Open();
  EXPECT_TRUE(board.Eventually("resets=2"));
  EXPECT_EQ(board.Ask("lines"), "ok dtr=1 rts=1");
  EXPECT_EQ(board.Ask("lines 1 0"), "ok");
  EXPECT_EQ(board.Ask("lines"), "ok dtr=1 rts=0");
  EXPECT_EQ(board.Ask("lines 1"), "error lines \"1\": give DTR and RTS as 0 or 1 each, such as 1 0");
  board.Close();
  EXPECT_TRUE(board.Eventually("dtr=0"));
  board.Open();
  EXPECT_TRUE(board.Eventually("resets=3"));
  EXPECT_EQ(board.Ask("dtr 0"), "ok");
  EXPECT_EQ(board.Ask("dtr 1"), "ok");
  EXPECT_EQ(board.Ask("reset"), "ok");
  EXPECT_TRUE(board.Eventually("resets=5"));
}

TEST(RomBoard, PassesTheChipsOwnCommandsAndDumpsItsFlash) {
  EchoBoard board(k115200);
  EXPECT_EQ(board.Ask("store Z"), "ok");
  EXPECT_EQ(board.Ask("dump " + (board.folder() / "dump").string()), "ok");
  std::ifstream file(board.folder() / "dump", std::ios::binary);
  const std::string dump{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(dump, "Z" + std::string(1023, '\xff'));
  EXPECT_THAT(board.Ask("explode"), HasSubstr("command \"explode\": unknown; there are reset"));
  EXPECT_THAT(board.Ask("explode"), HasSubstr("store B"));
  EXPECT_THAT(board.Ask("stat"), HasSubstr(" echo=1"));
}

TEST(RomBoard, CorruptsAndLosesJustTheBytesThatItIsToldTo) {
  EchoBoard board(k115200);
  board.Open();
  EXPECT_EQ(board.Ask("corrupt 2"), "ok");
  EXPECT_EQ(board.Echo("aaa", 3), "eea");
  EXPECT_EQ(board.Ask("corrupt-input 1"), "ok");
  EXPECT_EQ(board.Echo("aa", 2), "ea");
  EXPECT_EQ(board.Ask("lose 2"), "ok");
  EXPECT_EQ(board.Echo("abc", 1), "c");
  EXPECT_EQ(board.Ask("lose-input 1"), "ok");
  EXPECT_EQ(board.Echo("xy", 1), "y");
}

TEST(RomBoard, IsDeadFromTheByteThatMutesItUntilItIsToldOtherwise) {
  EchoBoard board(k115200);
  board.Open();
  EXPECT_EQ(board.Ask("mute-at 3"), "ok");
  board.Send("abcd");
  EXPECT_TRUE(board.Eventually("received=4"));
  EXPECT_THAT(board.Ask("stat"), HasSubstr(" muted=1 "));
  EXPECT_THAT(board.Ask("stat"), HasSubstr(" sent=2 "));
  EXPECT_EQ(board.Ask("mute off"), "ok");
  const std::string echo = board.Echo("e", 1) + board.Read(3, milliseconds(50));
  EXPECT_EQ(echo.back(), 'e');
  EXPECT_EQ(echo.find_first_of("cd"), std::string::npos);
}

TEST(RomBoard, ResetsInsteadOfTakingTheByteThatItIsToldTo) {
  EchoBoard board(k115200);
  board.Open();
  EXPECT_EQ(board.Ask("reset-at 2"), "ok");
  board.Send("abc");
  EXPECT_TRUE(board.Eventually("received=3"));
  EXPECT_TRUE(board.Eventually("resets=3"));
  EXPECT_THAT(board.Ask("stat"), HasSubstr(" sent=2 "));
}

TEST(RomBoard, AnswersLaterWhenToldTo) {
  EchoBoard board(k115200);
  board.Open();
  EXPECT_EQ(board.Ask("delay 80"), "ok");
  const auto begin = steady_clock::now();
  EXPECT_EQ(board.Echo("ab", 2), "ab");
  EXPECT_GE(steady_clock::now() - begin, milliseconds(80));
  EXPECT_EQ(board.Ask("delay 0"), "ok");
  EXPECT_EQ(board.Echo("c", 1), "c");
}

TEST(RomBoard, RunsTheApplicationOfItsFlash) {
  EchoBoard board(k115200, Pace::kWire, "firmware=blink version=1.0.0 selftest=ok");
  board.Open();
  const std::string hello = "hello firmware=blink version=1.0.0 selftest=ok\r\n";
  EXPECT_EQ(board.Read(hello.size()), hello);
  EXPECT_EQ(board.Read(16), "uptime_ms=1000\r\n");
}

TEST(RomBoard, StartsACrashingApplicationAgainAndAgain) {
  EchoBoard board(k115200, Pace::kWire, "firmware=bad version=1 crash_ms=30");
  EXPECT_TRUE(board.Eventually("resets=4"));
}

}  // namespace
}  // namespace motley::boards
