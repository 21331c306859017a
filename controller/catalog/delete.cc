// Catalog: deleting releases, templates and variants.
#include <vector>

#include "common/crypto/digest.h"
#include "common/log/log.h"
#include "controller/catalog/catalog.h"
#include "controller/catalog/content_digest.h"
#include "controller/catalog/stable_bytes.h"

namespace motley::controller {
namespace {

/// So many are named in a message.
constexpr int kMaxNamed = 5;

template <typename Names>
std::string Listed(const Names& names) {
  std::string text;
  int count = 0;
  for (const std::string& name : names) {
    if (++count <= kMaxNamed) text += (text.empty() ? "" : ", ") + name;
  }
  return count <= kMaxNamed ? text : text + " and " + std::to_string(count - kMaxNamed) + " more";
}

template <typename Message>
std::string DigestOf(Message& content) {
  content.clear_created_at();
  content.clear_releases();
  return Sha256(StableBytes(content));
}

}  // namespace

std::string ContentDigestOf(v1::Template content) { return DigestOf(content); }
std::string ContentDigestOf(v1::TemplateVariant content) { return DigestOf(content); }

Result<void> Catalog::CheckDeleted(std::string_view kind, const std::string& name, const std::string& version,
                                   std::string_view content_digest) const {
  TRY_ASSIGN(const auto deleted, store_.deleted().Find(kind, name, version));
  if (!deleted || *deleted == content_digest) return {};
  return Error{Code::kConflict, std::string(kind) + " " + name + "@" + version +
                                    " was deleted, and had other content; choose another version"};
}

Result<void> Catalog::DeleteRelease(const std::string& application, const std::string& version) {
  TRY_ASSIGN(const std::string digest, ContentDigest(application, version));
  TRY(store_.Atomically([&]() -> Result<void> {
    TRY(store_.deleted().Put("release", application, version, digest));
    return store_.releases().DeleteRelease(application, version);
  }));
  LogInfo("release {} {} is deleted", application, version);
  return {};
}

Result<void> Catalog::DeleteTemplate(const std::string& name, const std::string& version) {
  TRY_ASSIGN(const auto content, Template(name, version));
  TRY_ASSIGN(const std::vector<std::string> variants, store_.templates().VariantsOf(name, version));
  const std::string what = "template " + name + "@" + version;
  if (!variants.empty()) {
    return Error{Code::kConflict, what + " can not be deleted: variants are made of it (" + Listed(variants) +
                                      "); delete them first, with `motley variant delete`"};
  }
  if (content.releases_size() > 0) {
    return Error{Code::kConflict, what + " can not be deleted: releases are made of it (" + Listed(content.releases()) +
                                      "); delete them first, with `motley release delete`"};
  }
  TRY(store_.Atomically([&]() -> Result<void> {
    TRY(store_.deleted().Put("template", name, version, ContentDigestOf(content)));
    return store_.templates().DeleteTemplate(name, version);
  }));
  LogInfo("{} is deleted", what);
  return {};
}

Result<void> Catalog::DeleteVariant(const std::string& name, const std::string& version) {
  TRY_ASSIGN(const auto content, Variant(name, version));
  const std::string what = "variant " + name + "@" + version;
  if (content.releases_size() > 0) {
    return Error{Code::kConflict, what + " can not be deleted: releases use it (" + Listed(content.releases()) +
                                      "); delete them first, with `motley release delete`"};
  }
  TRY(store_.Atomically([&]() -> Result<void> {
    TRY(store_.deleted().Put("variant", name, version, ContentDigestOf(content)));
    return store_.templates().DeleteVariant(name, version);
  }));
  LogInfo("{} is deleted", what);
  return {};
}

}  // namespace motley::controller
