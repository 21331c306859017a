#include "common/model/text_forms.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "common/model/model.h"

namespace motley {
namespace {

constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::size_t kMaxPathBytes = 4095;  // PATH_MAX without its NUL
constexpr std::string_view kSecretOpening = "${secret.";

bool Consists(std::string_view text, std::string_view of, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return of.find(c) != std::string_view::npos || also.find(c) != std::string_view::npos;
  });
}

/// The length-prefixed name that an encoded key begins with (RFC 4253 section 6.6), in base64.
std::string EncodedStart(std::string_view type) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes{0, 0, 0, static_cast<char>(type.size())};
  bytes += type;
  std::string encoded;
  // Whole groups of three only: what follows would change the rest.
  for (std::size_t i = 0; i + 3 <= bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) group = group << 8 | static_cast<unsigned char>(bytes[i + j]);
    for (int shift = 18; shift >= 0; shift -= 6) encoded += kDigits[group >> shift & 63];
  }
  return encoded;
}

}  // namespace

bool HasControlOrSpace(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f;
  });
}

bool IsNormalisedPath(std::string_view path) {
  if (path.size() < 2 || path.size() > kMaxPathBytes || path.front() != '/' || path.back() == '/') return false;
  const std::string closed = std::string(path) + "/";
  for (const char* wrong : {"//", "/./", "/../"}) {
    if (closed.find(wrong) != std::string::npos) return false;
  }
  return path.find('\0') == std::string_view::npos;
}

bool IsAddress(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != '-' && Consists(text, kLetters, ".-_:%");
}

bool IsIpAddress(std::string_view text) {
  return !text.empty() && text.size() <= 45 && Consists(text, "0123456789abcdefABCDEF", ".:") &&
         text.find_first_of(".:") != std::string_view::npos;
}

bool IsUserName(std::string_view text) {
  return !text.empty() && text.size() <= 32 && text.front() != '-' && text.front() != '.' &&
         Consists(text.substr(0, text.size() - (text.size() > 1 && text.back() == '$' ? 1 : 0)), kLetters, "_.-");
}

bool IsAccount(std::string_view text) {
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return IsUserName(text);
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && number != UINT32_MAX;
}

bool IsHttpUrl(std::string_view text) {
  if (HasControlOrSpace(text)) return false;
  const std::size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return false;
  std::string_view host = text.substr(scheme);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::string_view port;
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string_view::npos || !IsIpAddress(host.substr(1, close - 1))) return false;
    port = host.substr(close + 1);
  } else {
    const auto colon = std::min(host.find(':'), host.size());
    if (!IsAddress(host.substr(0, colon))) return false;
    port = host.substr(colon);
  }
  if (port.empty()) return true;
  std::uint32_t number = 0;
  const auto [end, fault] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  return port.front() == ':' && fault == std::errc() && end == port.data() + port.size() && number >= 1 &&
         number <= 65535;
}

bool IsHostKey(std::string_view text) {
  constexpr std::array<std::string_view, 7> kTypes{"ssh-ed25519",
                                                   "ecdsa-sha2-nistp256",
                                                   "ecdsa-sha2-nistp384",
                                                   "ecdsa-sha2-nistp521",
                                                   "sk-ssh-ed25519@openssh.com",
                                                   "sk-ecdsa-sha2-nistp256@openssh.com",
                                                   "ssh-rsa"};
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view type = text.substr(0, space);
  std::string_view key = text.substr(space + 1);
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) return false;
  if (!key.starts_with(EncodedStart(type)) || key.size() < 40 || key.size() % 4 != 0) return false;
  for (int i = 0; i < 2 && key.ends_with('='); ++i) key.remove_suffix(1);
  return Consists(key, kLetters, "+/");
}

bool IsSecretReference(std::string_view text) {
  return text.starts_with(kSecretOpening) && text.ends_with('}') &&
         IsName(text.substr(kSecretOpening.size(), text.size() - kSecretOpening.size() - 1));
}

std::optional<std::string> FindBadSecretReference(std::string_view text) {
  for (auto at = text.find(kSecretOpening); at != std::string_view::npos; at = text.find(kSecretOpening, at + 1)) {
    const auto close = text.find('}', at);
    if (close == std::string_view::npos || !IsSecretReference(text.substr(at, close - at + 1))) {
      std::string shown;
      for (const char c : text.substr(at, std::min<std::size_t>(close - at + 1, 40))) {
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) break;
        shown += c;
      }
      return shown;
    }
  }
  return std::nullopt;
}

bool IsPackageName(std::string_view text) {
  return text.size() >= 2 && text.size() <= 128 && kLower.find(text.front()) != std::string_view::npos &&
         Consists(text, kLower, "+-.");
}

bool IsPackageVersion(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text.front() >= '0' && text.front() <= '9' &&
         Consists(text, kLetters, ".+-:~");
}

bool IsFileName(std::string_view text) {
  return text.size() <= 255 && text != "." && text != ".." && text.find('/') == std::string_view::npos &&
         text.find('\0') == std::string_view::npos;
}

}  // namespace motley
