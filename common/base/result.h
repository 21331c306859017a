#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace motley {

/// What programs decide on; people read Error::message. Each code has one HTTP status, one exit code and one wire name.
enum class Code {
  kInvalid,      ///< The input is wrong; the same input will fail again.
  kNotFound,     ///< The thing that was named does not exist.
  kConflict,     ///< It clashes with what is there: exists already, in another state, used by somebody else.
  kUnavailable,  ///< Can not be reached or done now; may work later.
  kTimeout,      ///< No answer in time.
  kCorrupt,      ///< Data is not what its digest, checksum or format says.
  kDenied,       ///< Not allowed.
  kInternal,     ///< A fault of ours or of the machine.
};

/// "invalid", "not_found", ...: the name on the wire.
std::string_view CodeName(Code code);
/// The reverse of CodeName.
std::optional<Code> CodeFromName(std::string_view name);
/// 400, 404, 409, 503, 504, 422, 403, 500.
int HttpStatus(Code code);
/// Exit code of command line programs: 2 for kInvalid, then 3, 4, ... in the order of the enum.
int ExitCode(Code code);

/// Why something could not be done. The message names the thing, the value and the way out.
struct [[nodiscard]] Error {
  Code code;
  std::string message;

  /// The same error with what was being done in front: "flash mcu0: no answer".
  Error While(std::string_view doing) &&;
  Error While(std::string_view doing) const&;
};

/// A value or an Error, with the names of std::expected.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *Checked(); }
  const T& value() const& { return *const_cast<Result*>(this)->Checked(); }
  T&& value() && { return std::move(*Checked()); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return Checked(); }
  const T* operator->() const { return const_cast<Result*>(this)->Checked(); }

  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

  /// The same result; an error gets `doing` in front.
  Result While(std::string_view doing) && {
    if (has_value()) return std::move(*this);
    return std::move(std::get<1>(state_)).While(doing);
  }

 private:
  T* Checked() {
    if (!has_value()) {
      std::fprintf(stderr, "value() of an error: %s\n", std::get<1>(state_).message.c_str());
      std::abort();
    }
    return &std::get<0>(state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const {
    if (!has_value()) std::abort();
  }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

  Result While(std::string_view doing) && {
    if (has_value()) return std::move(*this);
    return std::move(*error_).While(doing);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace motley

#define MOTLEY_CONCAT_INNER(a, b) a##b
#define MOTLEY_CONCAT(a, b) MOTLEY_CONCAT_INNER(a, b)

/// Leaves the function with the error of `expression`, if it is one.
#define TRY(...) TRY_INNER(MOTLEY_CONCAT(try_, __COUNTER__), __VA_ARGS__)
#define TRY_INNER(result, ...)                                         \
  do {                                                                 \
    if (auto result = (__VA_ARGS__); !result.has_value()) [[unlikely]] \
      return std::move(result).error();                                \
  } while (false)

/// `TRY_ASSIGN(auto x, F());`: as TRY, and else moves the value into `target`.
#define TRY_ASSIGN(target, ...) TRY_ASSIGN_INNER(MOTLEY_CONCAT(try_assign_, __COUNTER__), target, __VA_ARGS__)
#define TRY_ASSIGN_INNER(result, target, ...) \
  auto result = (__VA_ARGS__);                \
  if (!result.has_value()) [[unlikely]]       \
    return std::move(result).error();         \
  target = *std::move(result)

/// A bug is not an error: aborts with the place when `condition` does not hold.
#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) [[unlikely]] {                                                            \
      std::fprintf(stderr, "%s:%d: CHECK(%s) does not hold\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                             \
    }                                                                                           \
  } while (false)
