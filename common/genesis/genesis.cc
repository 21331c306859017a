#include "common/genesis/genesis.h"

#include "common/genesis/conversion.h"
#include "common/genesis/document.h"
#include "common/genesis/json.h"
#include "common/model/model.h"

namespace motley {

bool LooksLikeGenesis(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '{';
}

GenesisImport ImportGenesis(std::string_view text) {
  GenesisImport import;
  const genesis::ParsedJson parsed = genesis::ParseJson(text);
  if (!parsed.error.empty()) {
    import.errors.push_back(parsed.error);
    if (!parsed.place.empty()) import.warnings.push_back(parsed.place);
    return import;
  }
  const genesis::Document document = genesis::ReadDocument(parsed.value, import);
  genesis::Count(document, import);
  if (import.errors.empty()) genesis::Judge(document, import);
  import.valid = import.errors.empty();
  if (!import.valid) return import;
  genesis::Conversion conversion(document, import);
  genesis::ConvertHosts(conversion);
  genesis::ConvertSoftware(conversion);
  genesis::ConvertPortsAndLinks(conversion);
  import.secrets = conversion.credentials.TakeSecrets();
  for (const std::string& problem : ProblemsOf(import.model)) {
    import.warnings.push_back("before it can be enacted: " + problem);
  }
  return import;
}

}  // namespace motley
