#include "controller/api/admin_token.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "common/crypto/digest.h"
#include "common/files/files.h"

namespace motley::controller {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kMinTokenCharacters = 32;

}  // namespace

Result<std::string> LoadAdminToken(const std::string& folder) {
  const std::string path = folder + "/admin.token";
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    if (errno != ENOENT) return SystemError("read " + path, errno);
    const std::string token = RandomHex(kTokenBytes);
    TRY(WriteFileAtomically(path, token + "\n", 0600));
    return token;
  }
  if ((info.st_mode & 077) != 0) {
    return Error{Code::kDenied,
                 fmt::format("{} can be read by others (mode {:04o}), who may have taken the token: delete "
                             "it to get a new one at the next start, or run chmod 600 on it",
                             path, info.st_mode & 07777)};
  }
  TRY_ASSIGN(std::string token, ReadFile(path, 4096));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.size() < kMinTokenCharacters || token.find_first_of(" \t\r\n") != std::string::npos) {
    return Error{Code::kCorrupt,
                 fmt::format("{} holds no token of at least {} characters: delete it to get a new one at "
                             "the next start",
                             path, kMinTokenCharacters)};
  }
  return token;
}

}  // namespace motley::controller
