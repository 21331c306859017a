#include "common/sql/database.h"

#include <sqlite3.h>

#include <unordered_map>

namespace motley {
namespace {

struct StatementDeleter {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, StatementDeleter>;

class StatementRow final : public SqlRow {
 public:
  explicit StatementRow(sqlite3_stmt* statement) : statement_(statement) {}
  std::int64_t Int(int column) const override { return sqlite3_column_int64(statement_, column); }
  double Real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string Text(int column) const override {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data == nullptr ? std::string() : std::string(data, size);
  }
  bool IsNull(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3_stmt* statement_;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  ~SqliteDatabase() override {
    statements_.clear();
    sqlite3_close(handle_);
  }

  Result<void> Run(std::string_view sql, std::span<const SqlValue> values, const RowFunction& row) override {
    // A cached statement under way is being used by a row function further up: this call gets one of its own.
    Statement nested;
    const auto found = statements_.find(std::string(sql));
    sqlite3_stmt* statement = found == statements_.end() ? nullptr : found->second.get();
    if (statement == nullptr || sqlite3_stmt_busy(statement) != 0) {
      TRY_ASSIGN(Statement prepared, Prepare(sql));
      statement = prepared.get();
      (found == statements_.end() ? statements_[std::string(sql)] : nested) = std::move(prepared);
    }
    for (std::size_t i = 0; i < values.size(); ++i) Bind(statement, static_cast<int>(i) + 1, values[i]);
    int status = SQLITE_ROW;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) row(StatementRow(statement));
    Result<void> result;
    if (status != SQLITE_DONE) result = Failure(sql);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return result;
  }

  std::int64_t LastInsertId() const override { return sqlite3_last_insert_rowid(handle_); }
  std::int64_t Changes() const override { return sqlite3_changes64(handle_); }

  Result<void> Execute(const std::string& sql) {
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return Failure(sql);
    return {};
  }

 private:
  Result<Statement> Prepare(std::string_view sql) {
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw,
                           nullptr) != SQLITE_OK) {
      return Failure(sql);
    }
    return Statement(raw);
  }

  static void Bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
    struct Binder {
      sqlite3_stmt* statement;
      int index;
      void operator()(std::nullptr_t) const { sqlite3_bind_null(statement, index); }
      void operator()(std::int64_t number) const { sqlite3_bind_int64(statement, index, number); }
      void operator()(double number) const { sqlite3_bind_double(statement, index, number); }
      void operator()(std::string_view text) const {
        sqlite3_bind_text64(statement, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC, SQLITE_UTF8);
      }
      void operator()(const Blob& blob) const {
        sqlite3_bind_blob64(statement, index, blob.bytes.data() ? blob.bytes.data() : "", blob.bytes.size(),
                            SQLITE_STATIC);
      }
    };
    std::visit(Binder{statement, index}, value);
  }

  Error Failure(std::string_view sql) const {
    const std::string what = sqlite3_errmsg(handle_);
    switch (sqlite3_errcode(handle_) & 0xff) {
      case SQLITE_CONSTRAINT:
        return {Code::kConflict, path_ + ": " + what};
      case SQLITE_FULL:
        return {Code::kUnavailable, path_ + ": the disk is full; free some space"};
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
      case SQLITE_IOERR:
      case SQLITE_CANTOPEN:
      case SQLITE_READONLY:
        return {Code::kUnavailable, path_ + ": " + what};
      case SQLITE_CORRUPT:
      case SQLITE_NOTADB:
        return {Code::kCorrupt,
                path_ + " is damaged or not a database: " + what + "; move it away, or put back a copy"};
      default:
        return {Code::kInternal, path_ + ": " + what + " in: " + std::string(sql)};
    }
  }

  sqlite3* handle_;
  std::string path_;
  std::unordered_map<std::string, Statement> statements_;
};

Result<void> Migrate(SqliteDatabase& database, const std::string& path, std::span<const std::string_view> migrations) {
  std::int64_t done = 0;
  TRY(database.Query("PRAGMA user_version", {}, [&](const SqlRow& row) { done = row.Int(0); }));
  if (done > static_cast<std::int64_t>(migrations.size())) {
    return Error{Code::kInvalid, path + " was written by a newer version (schema " + std::to_string(done) +
                                     ", this program knows " + std::to_string(migrations.size()) +
                                     "); use that version"};
  }
  for (auto i = static_cast<std::size_t>(done); i < migrations.size(); ++i) {
    TRY(database.Atomically([&]() -> Result<void> {
      TRY(database.Execute(std::string(migrations[i])));
      return database.Execute("PRAGMA user_version = " + std::to_string(i + 1));
    }));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                 std::span<const std::string_view> migrations) {
  sqlite3* handle = nullptr;
  const int status =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  auto database = std::make_unique<SqliteDatabase>(handle, path);
  if (status != SQLITE_OK) {
    return Error{Code::kUnavailable, "open database " + path + ": " + sqlite3_errmsg(handle)};
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  TRY(database->Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"));
  TRY(Migrate(*database, path, migrations));
  return std::unique_ptr<Database>(std::move(database));
}

Result<void> Database::Atomically(const std::function<Result<void>()>& body) {
  if (depth_ > 0) return body();
  TRY(Run("BEGIN IMMEDIATE"));
  ++depth_;
  auto result = body();
  --depth_;
  if (result) result = Run("COMMIT");
  // A rollback can only fail where SQLite has rolled back by itself.
  if (!result) (void)Run("ROLLBACK");
  return result;
}

}  // namespace motley
