#include "agent/flash/tool_flasher.h"

#include <fmt/format.h>

#include <filesystem>

#include "agent/exec/command.h"
#include "agent/flash/intel_hex.h"
#include "agent/flash/tool_command.h"
#include "agent/flash/touch1200.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::size_t kLastLines = 4;
constexpr std::size_t kMaxLastBytes = 600;
constexpr std::uint64_t kMaxOutputBytes = 1 << 20;

/// A file with a name of its own in a folder of its own, which goes with the object.
class ToolFile {
 public:
  static Result<std::unique_ptr<ToolFile>> Create(const std::string& name, std::string_view content) {
    std::error_code error;
    std::string folder = (std::filesystem::temp_directory_path(error) / "motley-flash-XXXXXX").string();
    if (error) return SystemError("find a folder for temporary files", error.value());
    if (mkdtemp(folder.data()) == nullptr) return SystemError("make " + folder, errno);
    std::unique_ptr<ToolFile> file(new ToolFile(folder, folder + "/" + name));
    TRY(WriteFileAtomically(file->path_, content, 0600));
    return file;
  }
  ~ToolFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  ToolFile(std::string folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}

  const std::string folder_;
  const std::string path_;
};

/// The last lines of what a program said, in one, which is where they tell what went wrong.
std::string LastLines(const CommandEnd& end) {
  std::string_view text =
      end.error_output.find_first_not_of(" \t\r\n") != std::string::npos ? end.error_output : end.output;
  std::string last;
  for (std::size_t lines = 0; lines < kLastLines && last.size() < kMaxLastBytes;) {
    const auto stop = text.find_last_not_of(" \t\r\n");
    if (stop == std::string_view::npos) break;
    text = text.substr(0, stop + 1);
    const auto start = text.find_last_of("\r\n");
    std::string_view line = start == std::string_view::npos ? text : text.substr(start + 1);
    text.remove_suffix(line.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    last = std::string(line.substr(0, kMaxLastBytes)) + (last.empty() ? "" : " | ") + last;
    ++lines;
  }
  return last.empty() ? "it said nothing" : last;
}

/// Of the board at `port`. Errors: kInvalid (the command names it, and it has none).
Result<std::string> SerialNumberOf(const std::string& port, SerialSystem& system, const BoardType& board) {
  TRY_ASSIGN(const std::vector<PortInfo> ports, system.List());
  for (const PortInfo& info : ports) {
    if (info.name == port && !info.serial_number.empty()) return info.serial_number;
  }
  if (!NamesSerialNumber(board.tool)) return std::string();
  return Error{Code::kInvalid,
               fmt::format("{} finds a {} by its USB serial number, and the one at {} has none; write a type whose "
                           "command does without {{serial}} into a file of boards, and plug in only one of them",
                           board.tool.front(), board.name, port)};
}

Error NotInstalled(const BoardType& board) {
  const std::string& program = board.tool.front();
  const std::string way_out = board.tool_package.empty()
                                  ? "install it on the gateway"
                                  : "install it on the gateway: apt install " + board.tool_package;
  return {Code::kNotFound, fmt::format("board {} is flashed by {}, which is not there; {}, or give the path of another "
                                       "program in a file of boards",
                                       board.name, program, way_out)};
}

}  // namespace

std::string ToolImageOf(const Image& image, const BoardType& board) {
  if (board.tool_image == ToolImage::kHex) return WriteIntelHex(image);
  const std::uint32_t begin = image.segments.front().address;
  const auto size = static_cast<std::uint32_t>(image.segments.back().end() - begin);
  const auto bytes = ContentOf(image, begin, size);
  return {bytes.begin(), bytes.end()};
}

Result<FlashReport> ToolFlasher::Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) {
  TRY(CheckFits(job.image, board));
  const std::string name = board.tool_image == ToolImage::kHex ? "image.hex" : "image.bin";
  TRY_ASSIGN(const auto file, ToolFile::Create(name, ToolImageOf(job.image, board)));
  TRY_ASSIGN(const std::string serial_number, SerialNumberOf(port->name(), system_, board));
  ToolWords words{.port = port->name(),
                  .image = file->path(),
                  .chip = board.chip,
                  .serial = serial_number,
                  .baud = board.bauds.front(),
                  .address = job.image.segments.front().address};
  if (board.reset == ResetMethod::kTouch1200) {
    TRY_ASSIGN(words.port, Touch1200(port, system_, board));
  }
  port.reset();
  Command command;
  command.arguments = FillInToolCommand(board.tool, words);
  command.deadline = board.tool_deadline;
  command.output_limit_bytes = kMaxOutputBytes;
  const auto end = RunCommand(command);
  if (!end && end.error().code == Code::kNotFound) return NotInstalled(board);
  if (!end) return end.error().While("flash by " + board.tool.front());
  if (end->code != 0) {
    return Error{Code::kUnavailable, fmt::format("{} failed on {} (exit code {}): {}", board.tool.front(), words.port,
                                                 end->code, LastLines(*end))};
  }
  const auto bytes = static_cast<std::uint32_t>(job.image.bytes());
  if (job.progress) job.progress(bytes, bytes);
  return FlashReport{.written_bytes = bytes, .skipped_bytes = 0};
}

std::unique_ptr<Flasher> CreateToolFlasher() {
  /// The ports that it looks at are its own.
  class OwnPorts final : public Flasher {
   public:
    Result<FlashReport> Flash(std::unique_ptr<SerialPort>& port, const BoardType& board, const FlashJob& job) override {
      return ToolFlasher(*system_).Flash(port, board, job);
    }

   private:
    const std::unique_ptr<SerialSystem> system_ = CreateSerialSystem();
  };
  return std::make_unique<OwnPorts>();
}

}  // namespace motley::agent
