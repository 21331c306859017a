#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace motley {

/// SHA-256 of `data` as "sha256:" and 64 lower-case hexadecimal digits: the identity of an artifact.
std::string Sha256(std::string_view data);

/// The digest alone.
std::array<std::uint8_t, 32> Sha256Bytes(std::string_view data);

/// The same, piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  void Update(std::string_view data);
  /// Call one of them, once.
  std::string Finish();
  std::array<std::uint8_t, 32> FinishBytes();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Of a file's bytes. Errors: kNotFound, kUnavailable.
Result<std::string> Sha256File(const std::string& path);

/// "sha256:" and 64 lower-case hexadecimal digits?
bool IsDigest(std::string_view text);

/// `bytes` random bytes from the system, as twice as many hexadecimal digits.
std::string RandomHex(std::size_t bytes);

/// Compares secrets in a time that does not depend on where they differ.
bool EqualSecrets(std::string_view a, std::string_view b);

}  // namespace motley
