#include "common/assign/random_order.h"

namespace motley::assign {

std::uint64_t RandomOrder(std::string_view seed, std::string_view name) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 1099511628211ULL; };
  for (const char c : seed) add(static_cast<unsigned char>(c));
  add(0);
  for (const char c : name) add(static_cast<unsigned char>(c));
  hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ULL;
  return hash ^ hash >> 33;
}

}  // namespace motley::assign
