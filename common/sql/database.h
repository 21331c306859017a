#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"

namespace motley {

/// What can be bound to a `?`. Blobs are bound as Blob, text as string_view.
struct Blob {
  std::string_view bytes;
};
using SqlValue = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

/// One row of an answer; valid during the call that gets it.
class SqlRow {
 public:
  virtual ~SqlRow() = default;
  virtual std::int64_t Int(int column) const = 0;
  virtual double Real(int column) const = 0;
  /// Text or blob; empty for NULL.
  virtual std::string Text(int column) const = 0;
  virtual bool IsNull(int column) const = 0;
};

/// A SQLite database in WAL mode with synchronous=FULL: what was committed survives a power loss. One thread.
///
/// Statements are compiled once and kept. Errors of all calls: kConflict (a constraint), kUnavailable (disk full,
/// busy), kCorrupt (not a database), kInternal (anything else: the SQL is wrong).
class Database {
 public:
  /// Creates the file if missing and carries out the migrations that it has not seen. `migrations` are numbered by
  /// their place and never edited once released.
  static Result<std::unique_ptr<Database>> Open(const std::string& path, std::span<const std::string_view> migrations);
  virtual ~Database() = default;

  using RowFunction = std::function<void(const SqlRow&)>;
  /// Runs one statement; `row` is called for each row of the answer.
  virtual Result<void> Run(std::string_view sql, std::span<const SqlValue> values, const RowFunction& row) = 0;
  Result<void> Run(std::string_view sql, std::initializer_list<SqlValue> values = {}) {
    return Run(sql, std::span(values.begin(), values.size()), [](const SqlRow&) {});
  }
  Result<void> Query(std::string_view sql, std::initializer_list<SqlValue> values, const RowFunction& row) {
    return Run(sql, std::span(values.begin(), values.size()), row);
  }

  virtual std::int64_t LastInsertId() const = 0;
  /// Rows changed by the last statement.
  virtual std::int64_t Changes() const = 0;

  /// Runs `body` in one transaction: committed if it returns no error, else as if it had not been. Nests: an inner one
  /// belongs to the outer.
  Result<void> Atomically(const std::function<Result<void>()>& body);

 private:
  int depth_ = 0;
};

}  // namespace motley
