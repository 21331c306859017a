#include "common/fleet/shared_codes.h"

namespace motley {

SharedCodes::SharedCodes(const SharedCodes& other) {
  for (const Part& part : other.parts_) parts_.push_back({std::make_shared<Codes>(*part.codes), false});
}

SharedCodes& SharedCodes::operator=(const SharedCodes& other) {
  if (this != &other) *this = SharedCodes(other);
  return *this;
}

SharedCodes SharedCodes::Share() {
  SharedCodes shared;
  for (Part& part : parts_) part.shared = true;
  shared.parts_ = parts_;
  return shared;
}

void SharedCodes::Set(Row row, Code code) {
  if (At(row) == code) return;
  while (row >= row_limit()) parts_.push_back({std::make_shared<Codes>(), false});
  Part& part = parts_[row / kRows];
  if (part.shared) part = {std::make_shared<Codes>(*part.codes), false};
  (*part.codes)[row % kRows] = code;
}

}  // namespace motley
