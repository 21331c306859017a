#include "tests/tools/boards/board_rig.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/base/result.h"
#include "tools/boards/flash_file.h"
#include "tools/boards/intel_hex.h"

namespace motley {
namespace {

constexpr char kPrelude[] = R"(
DIR=$MOTLEY_BOARDS_DIR
FIRMWARE=)" MOTLEY_FIRMWARE_DIR R"(
TESTS=)" MOTLEY_TESTS_DIR R"(
port_probe() { $TESTS/port_probe "$@"; }
board() { )" MOTLEY_BIN_DIR R"(/board-ctl $DIR "$@"; }
# Once out of step, avrdude can try for hours.
flash() {
  local port=$1 baud=$2 image=$3; shift 3
  timeout 40 avrdude -q -q -p m328p -c arduino -P $port -b $baud -D -U flash:w:$FIRMWARE/$image.hex:i "$@"
}
no_sync() {  # succeeds as soon as avrdude, which would try for up to a minute, has failed to get in sync once
  local log=$DIR/no_sync.$BASHPID
  avrdude -p m328p "$@" >$log 2>&1 & local pid=$!
  until grep -q "not in sync" $log || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
  kill $pid 2>/dev/null; wait $pid
  grep "not in sync" $log
}
)";

}  // namespace

BoardRig::BoardRig(std::vector<std::string> boards) : boards_(std::move(boards)) {
  std::string name = (std::filesystem::temp_directory_path() / "board-rig.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  folder_ = name;
}

BoardRig::~BoardRig() { std::filesystem::remove_all(folder_); }

void BoardRig::Preload(const std::string& serial, const std::string& image) {
  std::vector<std::uint8_t> flash(32768, 0xff);
  CHECK(boards::LoadIntelHex(MOTLEY_FIRMWARE_DIR "/" + image + ".hex", flash));
  CHECK(boards::SaveFlashFile(folder_ / (serial + ".flash"), flash));
}

pid_t BoardRig::Start(const std::string& script) {
  std::vector<std::string> words = {MOTLEY_BIN_DIR "/with-boards", "--dir", folder_.string()};
  for (const std::string& board : boards_) words.insert(words.end(), {"--board", board});
  words.insert(words.end(), {"--", "bash", "-c", kPrelude + script});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string output = folder_ / "output";
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(file, STDOUT_FILENO);
  dup2(file, STDERR_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // nothing stays behind a test that is killed
  execv(arguments[0], arguments.data());
  _exit(127);
}

Outcome BoardRig::Finish(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  const int exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::ostringstream text;
  text << std::ifstream(folder_ / "output").rdbuf();
  return {exit_code, text.str()};
}

std::string BoardRig::Logs() const {
  std::ostringstream text;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    if (file.path().extension() != ".log" || file.file_size() == 0) continue;
    text << "\n" << file.path().filename().string() << ":\n" << std::ifstream(file.path()).rdbuf();
  }
  return text.str();
}

Outcome BoardRig::Run(const std::string& script) { return Finish(Start(script)); }

}  // namespace motley
