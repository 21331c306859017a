#include "controller/store/templates.h"

#include <map>

#include "controller/store/artifact_use.h"
#include "controller/store/column.h"

namespace motley::controller {
namespace {

/// Calls `add(number, release)` for each use, those of the newest releases first.
constexpr char kUsesOfTemplates[] =
    "SELECT u.template, r.application || ' ' || r.version FROM release_template AS u JOIN release AS r ON r.number = "
    "u.release WHERE ?1 = 0 OR u.template = ?1 ORDER BY r.number DESC";
constexpr char kUsesOfVariants[] =
    "SELECT u.variant, r.application || ' ' || r.version FROM release_variant AS u JOIN release AS r ON r.number = "
    "u.release WHERE ?1 = 0 OR u.variant = ?1 ORDER BY r.number DESC";

/// `messages` by the numbers of their rows get the names of the releases that use them. `number` 0: all.
template <typename Message>
Result<void> AddReleases(Database& database, const char* uses, std::int64_t number,
                         const std::map<std::int64_t, Message*>& messages) {
  return database.Query(uses, {number}, [&](const SqlRow& row) {
    const auto found = messages.find(row.Int(0));
    if (found != messages.end()) found->second->add_releases(row.Text(1));
  });
}

template <typename Message>
Result<std::optional<Message>> Find(Database& database, const char* query, const char* uses, const char* what,
                                    std::string_view name, std::string_view version) {
  std::optional<Message> content;
  std::int64_t number = 0;
  FirstError error;
  TRY(database.Query(query, {name, version}, [&](const SqlRow& row) {
    number = row.Int(0);
    error.Add(ParseColumn(row, 1, what, content.emplace()));
  }));
  TRY(std::move(error).Take());
  if (content) TRY(AddReleases<Message>(database, uses, number, {{number, &*content}}));
  return content;
}

}  // namespace

Result<void> TemplateStore::InsertTemplate(const v1::Template& content) {
  v1::Template summary = content;
  summary.clear_source();
  const std::string summary_bytes = summary.SerializeAsString();
  const std::string bytes = content.SerializeAsString();
  return database_.Atomically([&]() -> Result<void> {
    TRY(database_.Run("INSERT INTO template (name, version, summary, content) VALUES (?, ?, ?, ?)",
                      {content.name(), content.version(), Blob{summary_bytes}, Blob{bytes}}));
    return IndexArtifactsOf(database_, database_.LastInsertId(), content);
  });
}

Result<void> TemplateStore::DeleteTemplate(std::string_view name, std::string_view version) {
  return database_.Run("DELETE FROM template WHERE name = ? AND version = ?", {name, version});
}

Result<std::optional<v1::Template>> TemplateStore::FindTemplate(std::string_view name, std::string_view version) {
  return Find<v1::Template>(database_, "SELECT number, content FROM template WHERE name = ? AND version = ?",
                            kUsesOfTemplates, "template", name, version);
}

Result<v1::TemplateList> TemplateStore::ListTemplates() {
  v1::TemplateList list;
  std::map<std::int64_t, v1::Template*> by_number;
  FirstError error;
  TRY(database_.Query("SELECT number, summary FROM template ORDER BY number DESC", {}, [&](const SqlRow& row) {
    by_number[row.Int(0)] = list.add_templates();
    error.Add(ParseColumn(row, 1, "template", *by_number[row.Int(0)]));
  }));
  TRY(std::move(error).Take());
  TRY(AddReleases(database_, kUsesOfTemplates, 0, by_number));
  return list;
}

Result<void> TemplateStore::InsertVariant(const v1::TemplateVariant& content) {
  v1::TemplateVariant summary = content;
  summary.clear_source();
  summary.clear_model();
  const std::string summary_bytes = summary.SerializeAsString();
  const std::string bytes = content.SerializeAsString();
  return database_.Run(
      "INSERT INTO variant (name, version, template, summary, content) VALUES (?, ?,"
      " (SELECT number FROM template WHERE name = ? AND version = ?), ?, ?)",
      {content.name(), content.version(), content.template_(), content.template_version(), Blob{summary_bytes},
       Blob{bytes}});
}

Result<std::optional<v1::TemplateVariant>> TemplateStore::FindVariant(std::string_view name, std::string_view version) {
  return Find<v1::TemplateVariant>(database_, "SELECT number, content FROM variant WHERE name = ? AND version = ?",
                                   kUsesOfVariants, "variant", name, version);
}

Result<v1::TemplateVariantList> TemplateStore::ListVariants() {
  v1::TemplateVariantList list;
  std::map<std::int64_t, v1::TemplateVariant*> by_number;
  FirstError error;
  TRY(database_.Query("SELECT number, summary FROM variant ORDER BY number DESC", {}, [&](const SqlRow& row) {
    by_number[row.Int(0)] = list.add_variants();
    error.Add(ParseColumn(row, 1, "variant", *by_number[row.Int(0)]));
  }));
  TRY(std::move(error).Take());
  TRY(AddReleases(database_, kUsesOfVariants, 0, by_number));
  return list;
}

Result<void> TemplateStore::DeleteVariant(std::string_view name, std::string_view version) {
  return database_.Run("DELETE FROM variant WHERE name = ? AND version = ?", {name, version});
}

Result<std::vector<std::string>> TemplateStore::VariantsOf(std::string_view name, std::string_view version) {
  std::vector<std::string> variants;
  TRY(
      database_.Query("SELECT v.name || '@' || v.version FROM variant AS v JOIN template AS t ON t.number = v.template"
                      " WHERE t.name = ? AND t.version = ? ORDER BY v.number DESC",
                      {name, version}, [&](const SqlRow& row) { variants.push_back(row.Text(0)); }));
  return variants;
}

}  // namespace motley::controller
