#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/database.h"
#include "motley/v1/release.pb.h"

namespace motley::controller {

/// Templates and variants, immutable, and which releases use them. Loop thread only. Errors of all calls: as Database.
class TemplateStore {
 public:
  explicit TemplateStore(Database& database) : database_(database) {}

  /// Errors: kConflict (name and version exist).
  Result<void> InsertTemplate(const v1::Template& content);
  Result<std::optional<v1::Template>> FindTemplate(std::string_view name, std::string_view version);
  /// Newest first, without `source`.
  Result<v1::TemplateList> ListTemplates();

  /// Errors: kConflict (a variant or a release is made of it).
  Result<void> DeleteTemplate(std::string_view name, std::string_view version);

  /// The template is there. Errors: kConflict (name and version exist).
  Result<void> InsertVariant(const v1::TemplateVariant& content);
  Result<std::optional<v1::TemplateVariant>> FindVariant(std::string_view name, std::string_view version);
  /// Newest first, without `source` and models.
  Result<v1::TemplateVariantList> ListVariants();
  /// Errors: kConflict (a release uses it).
  Result<void> DeleteVariant(std::string_view name, std::string_view version);
  /// "NAME@VERSION" of the variants that are made of a template, newest first.
  Result<std::vector<std::string>> VariantsOf(std::string_view name, std::string_view version);

 private:
  Database& database_;
};

}  // namespace motley::controller
