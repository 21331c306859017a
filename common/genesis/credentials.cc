#include "common/genesis/credentials.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace motley::genesis {
namespace {

constexpr std::array<std::string_view, 8> kSigns{"password", "passwd", "passphrase", "secret",
                                                 "token",    "apikey", "privatekey", "sshkey"};
/// Inside "credentials" these are no secrets.
constexpr std::array<std::string_view, 3> kOpen{"username", "login", "user"};
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kEndOfWord = " \t\r\n;|&()<>";

bool IsReference(std::string_view value) { return value.empty() || value.starts_with('$'); }

/// Where the value that begins at `at` is, without its quotes.
std::pair<std::size_t, std::size_t> ValueAt(std::string_view text, std::size_t at) {
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const auto end = text.find(text[at], at + 1);
    return {at + 1, end == std::string_view::npos ? text.size() : end};
  }
  const auto end = text.find_first_of(kEndOfWord, at);
  return {at, end == std::string_view::npos ? text.size() : end};
}

/// Begin and end of the password of a URL ("//user:PASSWORD@") that begins in the word [at, end); both 0 if none does.
std::pair<std::size_t, std::size_t> UrlPassword(std::string_view text, std::size_t at, std::size_t end) {
  const auto slashes = text.substr(0, end).find("://", at);
  if (slashes == std::string_view::npos) return {0, 0};
  const std::size_t begin = slashes + 3;
  const std::string_view rest = text.substr(begin, end - begin);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#\"'"));
  const auto sign = authority.rfind('@');
  const auto colon = authority.find(':');
  if (sign == std::string_view::npos || colon >= sign) return {0, 0};
  return {begin + colon + 1, begin + sign};
}

/// Begin and end of the credential that the word [at, end) holds or announces; both 0 if there is none.
std::pair<std::size_t, std::size_t> CredentialOf(std::string_view text, std::size_t at, std::size_t end) {
  const std::string_view word = text.substr(at, end - at);
  const auto equals = word.find('=');
  if (equals != std::string_view::npos && IsCredentialName(word.substr(0, equals))) {
    return ValueAt(text, at + equals + 1);
  }
  if (equals == std::string_view::npos && word.starts_with('-') && IsCredentialName(word)) {
    const auto next = text.find_first_not_of(kBlanks, end);
    if (next != std::string_view::npos && text[next] != '-') return ValueAt(text, next);
  }
  return UrlPassword(text, at, end);
}

}  // namespace

bool IsCredentialName(std::string_view name) {
  std::string letters;
  for (const char letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0) {
      letters += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
  }
  for (const std::string_view sign : kSigns) {
    if (letters.find(sign) != std::string::npos) return true;
  }
  return false;
}

std::string Credentials::Keep(const std::string& owner, std::string_view what, const std::string& value) {
  // The same credential of the same owner is one secret.
  const std::string wanted = NameFrom(owner + "-" + std::string(what));
  if (const auto known = secrets_.find(wanted); known != secrets_.end() && known->second == value) {
    return "${secret." + wanted + "}";
  }
  const std::string name = names_.New(wanted);
  secrets_[name] = value;
  return "${secret." + name + "}";
}

std::string Credentials::Reference(const std::string& owner, std::string_view what) {
  return "${secret." + names_.New(NameFrom(owner + "-" + std::string(what))) + "}";
}

std::string Credentials::Move(const std::string& owner, const std::string& text) {
  std::string moved;
  std::size_t done = 0;
  for (auto at = text.find_first_not_of(kBlanks); at < text.size(); at = text.find_first_not_of(kEndOfWord, at)) {
    const std::size_t end = std::min(text.find_first_of(kEndOfWord, at), text.size());
    const auto [begin, stop] = CredentialOf(text, at, end);
    at = std::max(end, stop);
    if (stop == 0 || IsReference(std::string_view(text).substr(begin, stop - begin))) continue;
    moved += text.substr(done, begin - done) + Keep(owner, "password", text.substr(begin, stop - begin));
    done = stop;
  }
  return moved + text.substr(done);
}

void Credentials::Move(const std::string& owner, Json& value) {
  if (value.is_string()) {
    value = Move(owner, value.get_ref<const std::string&>());
  } else if (value.is_array()) {
    for (Json& inner : value) Move(owner, inner);
  } else if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) MoveMember(owner, key, inner);
  }
}

void Credentials::MoveMember(const std::string& owner, const std::string& key, Json& value) {
  if (key == "credentials" && value.is_object()) {
    for (const auto& [inner_key, inner] : value.items()) {
      const bool open = std::find(kOpen.begin(), kOpen.end(), inner_key) != kOpen.end();
      const std::string text = TextOf(&inner);
      if (!open && !IsReference(text)) inner = Keep(owner, inner_key, text);
    }
    return;
  }
  const bool secret = IsCredentialName(key) && (value.is_string() || value.is_number());
  if (!secret) return Move(owner, value);
  const std::string text = TextOf(&value);
  if (!IsReference(text)) value = Keep(owner, key, text);
}

}  // namespace motley::genesis
