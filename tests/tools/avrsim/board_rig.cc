#include "tests/tools/avrsim/board_rig.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/base/result.h"
#include "tools/avrsim/flash_file.h"
#include "tools/avrsim/intel_hex.h"

namespace motley {
namespace {

constexpr char kPrelude[] = R"(
DIR=$MOTLEY_BOARDS_DIR
FIRMWARE=)" MOTLEY_FIRMWARE_DIR R"(
TESTS=)" MOTLEY_TESTS_DIR R"(
port_probe() { $TESTS/port_probe "$@"; }
board() { )" MOTLEY_BIN_DIR R"(/board-ctl $DIR "$@"; }
flash() { avrdude -q -q -p m328p -c arduino -P $1 -b $2 -D -U flash:w:$FIRMWARE/$3.hex:i; }
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
  CHECK(avrsim::LoadIntelHex(MOTLEY_FIRMWARE_DIR "/" + image + ".hex", flash));
  CHECK(avrsim::SaveFlashFile(folder_ / (serial + ".flash"), flash));
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
  execv(arguments[0], arguments.data());
  _exit(127);
}

Outcome BoardRig::Finish(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  std::ifstream file(folder_ / "output");
  std::stringstream text;
  text << file.rdbuf();
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text.str()};
}

Outcome BoardRig::Run(const std::string& script) { return Finish(Start(script)); }

}  // namespace motley
