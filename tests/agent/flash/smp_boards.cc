#include "tests/agent/flash/smp_boards.h"

#include "common/base/result.h"
#include "common/files/files.h"
#include "tests/support/mcuboot_image.h"
#include "tests/support/wait.h"
#include "tools/boards/text_image.h"

namespace motley::tests {
namespace {

constexpr std::size_t kFlashBytes = 1 << 20;
constexpr std::size_t kFirstSlot = 0xC000;
constexpr std::uint64_t kMaxFileBytes = 1 << 20;

}  // namespace

SmpBoards::SmpBoards(int count, std::size_t first_program_bytes)
    : first_(Put("1.0.0", first_program_bytes)), boards_(Specifications(folder_, first_, count)) {}

std::vector<std::string> SmpBoards::Specifications(const TemporaryFolder& folder, const std::string& image, int count) {
  std::string flash(kFlashBytes, '\xFF');
  const std::string content = ReadFile(image, kMaxFileBytes).value();
  flash.replace(kFirstSlot, content.size(), content);
  std::vector<std::string> specifications;
  for (int board = 0; board < count; ++board) {
    const std::string file = folder / (Name(board) + ".flash");
    CHECK(WriteFileAtomically(file, flash, 0644));
    specifications.push_back("nrf52-mcuboot:" + Name(board) + ":" + file);
  }
  return specifications;
}

std::string SmpBoards::Put(const std::string& version, std::size_t program_bytes, const std::string& words) const {
  const auto program = boards::MakeTextImage({.size_bytes = program_bytes,
                                              .words = "firmware=blink version=" + version + words,
                                              .seed = static_cast<std::uint32_t>(program_bytes)});
  const auto image = MakeMcubootImage(version, std::string(program.begin(), program.end()));
  const std::string file = folder_ / (version + ".bin");
  CHECK(WriteFileAtomically(file, std::string(image.begin(), image.end()), 0644));
  return file;
}

std::vector<std::string> SmpBoards::Behind(std::vector<std::string> command) const {
  std::vector<std::string> words = boards_.prefix();
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

Finished SmpBoards::Flash(int board, const std::string& image, std::vector<std::string> options) const {
  options.insert(options.begin(), MOTLEY_TESTS_DIR "/flash-probe");
  options.insert(options.end(), {Port(board), image});
  return RunProgram(Behind(options), boards_.environment(), std::chrono::seconds(90));
}

std::unique_ptr<Program> SmpBoards::StartFlash(int board, const std::string& image) const {
  return Program::Start({Behind({MOTLEY_TESTS_DIR "/flash-probe", Port(board), image}), boards_.environment(),
                         folder_ / (Name(board) + ".output")});
}

Finished SmpBoards::Keep(int board, const std::string& image, std::vector<std::string> options) const {
  options.insert(options.begin(), MOTLEY_TESTS_DIR "/keep-probe");
  options.insert(options.end(), {"nrf52-mcuboot", Port(board), image});
  return RunProgram(Behind(options), boards_.environment(), std::chrono::seconds(90));
}

std::string SmpBoards::Tell(int board, std::vector<std::string> command) const {
  command.insert(command.begin(), Name(board));
  std::string answer = boards_.Control(command);
  while (answer.ends_with('\n')) answer.pop_back();
  CHECK(!answer.starts_with("error"));
  return answer;
}

std::string SmpBoards::Slots(int board) const {
  CHECK(WaitFor([&] { return StateWord(board, "runs") == "application"; }, std::chrono::seconds(60)));
  return Tell(board, {"slots"});
}

bool SmpBoards::Holds(int board, const std::string& image) const {
  const std::string file = folder_ / (Name(board) + ".dump");
  Tell(board, {"dump", file});
  const std::string content = ReadFile(image, kMaxFileBytes).value();
  return ReadFile(file, kMaxFileBytes).value().compare(kFirstSlot, content.size(), content) == 0;
}

std::string SmpBoards::StateWord(int board, const std::string& name) const {
  const std::string stat = Tell(board, {"stat"});
  const auto start = stat.find(" " + name + "=") + name.size() + 2;
  return stat.substr(start, stat.find(' ', start) - start);
}

std::uint64_t SmpBoards::Statistic(int board, const std::string& name) const {
  return std::stoull(StateWord(board, name));
}

}  // namespace motley::tests
