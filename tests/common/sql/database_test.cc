#include "common/sql/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "tests/support/folder.h"

namespace motley {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::TemporaryFolder;

constexpr std::array<std::string_view, 2> kMigrations{"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)",
                                                      "ALTER TABLE t ADD COLUMN data BLOB"};

std::vector<std::string> Names(Database& database) {
  std::vector<std::string> names;
  EXPECT_TRUE(
      database.Query("SELECT name FROM t ORDER BY id", {}, [&](const SqlRow& row) { names.push_back(row.Text(0)); })
          .has_value());
  return names;
}

TEST(Database, KeepsWhatWasWritten) {
  TemporaryFolder folder;
  const std::string bytes("a\0b", 3);
  {
    auto database = *Database::Open(folder / "db", kMigrations);
    ASSERT_TRUE(database->Run("INSERT INTO t (name, data) VALUES (?, ?)", {"one", Blob{bytes}}).has_value());
    EXPECT_EQ(database->LastInsertId(), 1);
  }
  auto database = *Database::Open(folder / "db", kMigrations);
  std::string read;
  ASSERT_TRUE(
      database->Query("SELECT data FROM t WHERE name = ?", {"one"}, [&](const SqlRow& row) { read = row.Text(0); })
          .has_value());
  EXPECT_EQ(read, bytes);
}

TEST(Database, CarriesOutOnlyTheMigrationsItHasNotSeen) {
  TemporaryFolder folder;
  {
    auto database = *Database::Open(folder / "db", std::span(kMigrations).first(1));
    ASSERT_TRUE(database->Run("INSERT INTO t (name) VALUES ('old')").has_value());
  }
  auto database = *Database::Open(folder / "db", kMigrations);
  EXPECT_THAT(Names(*database), ElementsAre("old"));
  EXPECT_TRUE(database->Run("UPDATE t SET data = x'00'").has_value());
}

TEST(Database, RefusesAFileOfANewerVersion) {
  TemporaryFolder folder;
  { auto database = *Database::Open(folder / "db", kMigrations); }
  const auto older = Database::Open(folder / "db", std::span(kMigrations).first(1));
  ASSERT_FALSE(older.has_value());
  EXPECT_THAT(older.error().message, HasSubstr("written by a newer version"));
}

TEST(Database, UndoesATransactionThatFails) {
  TemporaryFolder folder;
  auto database = *Database::Open(folder / "db", kMigrations);
  const auto result = database->Atomically([&]() -> Result<void> {
    TRY(database->Run("INSERT INTO t (name) VALUES ('a')"));
    TRY(database->Atomically([&] { return database->Run("INSERT INTO t (name) VALUES ('b')"); }));
    return database->Run("INSERT INTO t (name) VALUES ('a')");
  });
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, Code::kConflict);
  EXPECT_THAT(Names(*database), ElementsAre());
}

TEST(Database, AsksTheSameQuestionInsideItsAnswer) {
  TemporaryFolder folder;
  auto database = *Database::Open(folder / "db", kMigrations);
  ASSERT_TRUE(database->Run("INSERT INTO t (name) VALUES ('a'), ('b')").has_value());
  std::vector<std::string> pairs;
  constexpr std::string_view kAll = "SELECT name FROM t ORDER BY id";
  ASSERT_TRUE(
      database
          ->Query(kAll, {},
                  [&](const SqlRow& outer) {
                    const std::string first = outer.Text(0);
                    EXPECT_TRUE(
                        database->Query(kAll, {}, [&](const SqlRow& inner) { pairs.push_back(first + inner.Text(0)); })
                            .has_value());
                  })
          .has_value());
  EXPECT_THAT(pairs, ElementsAre("aa", "ab", "ba", "bb"));
}

TEST(Database, SaysThatAFileIsNoDatabase) {
  TemporaryFolder folder;
  std::ofstream(folder / "db") << std::string(8192, 'x');
  const auto database = Database::Open(folder / "db", kMigrations);
  ASSERT_FALSE(database.has_value());
  EXPECT_EQ(database.error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace motley
