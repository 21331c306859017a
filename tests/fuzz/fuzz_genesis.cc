// Links: common_base common_genesis common_release common_model

#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/base/result.h"
#include "common/genesis/genesis.h"
#include "common/model/model.h"
#include "common/model/steps.h"
#include "common/release/model_file.h"

/// A GeneSIS model is refused for a reason, or it is a model of ours that differs in nothing from itself; a sound one
/// is written as a model file and read back as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const motley::GenesisImport import = motley::ImportGenesis(text);
  CHECK(import.valid == import.errors.empty());
  CHECK(import.valid || import.model.components_size() + import.model.hosts_size() == 0);
  std::string bytes;
  CHECK(import.model.SerializeToString(&bytes));
  const motley::GenesisImport again = motley::ImportGenesis(text);
  CHECK(motley::DiffModels(import.model, {}, again.model, {}).steps.empty());
  if (!import.valid || !motley::ProblemsOf(import.model).empty()) return 0;
  const auto file = motley::ParseModelFile("f", motley::WriteModelFile(import.model));
  CHECK(file.has_value());
  CHECK(file->problems.empty());
  CHECK(motley::DiffModels(import.model, {}, file->model, {}).steps.empty());
  return 0;
}
