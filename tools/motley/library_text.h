#pragma once

#include <string>
#include <vector>

#include "common/model/steps.h"
#include "motley/v1/release.pb.h"
#include "tools/motley/terminal.h"

namespace motley::cli {

/// A row for each, newest first as they came, with the releases that use it.
std::string RenderTemplateList(const v1::TemplateList& list, const Terminal& terminal);
std::string RenderVariantList(const v1::TemplateVariantList& list, const Terminal& terminal);

/// One with its parameters, artifacts and what uses it.
std::string RenderTemplateContent(const v1::Template& content, const Terminal& terminal);
std::string RenderVariantContent(const v1::TemplateVariant& content, const Terminal& terminal);

/// Something beside the model that differs; empty: it is not there.
struct Change {
  std::string field;
  std::string from;
  std::string to;
};
std::vector<Change> ChangesOf(const v1::Template& from, const v1::Template& to);
std::vector<Change> ChangesOf(const v1::TemplateVariant& from, const v1::TemplateVariant& to);

/// The changes, and the steps that they make in a deployment.
std::string RenderChanges(const std::vector<Change>& changes, const ModelDifference& difference,
                          const Terminal& terminal);
/// {"changes": [{field, from, to}], "steps": as DifferenceJson}.
std::string ChangesJson(const std::vector<Change>& changes, const ModelDifference& difference);

}  // namespace motley::cli
