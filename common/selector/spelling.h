#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace motley {

/// The candidate that `word` was most likely meant to be, or empty when none is near (edit distance with transpositions
/// of at most a third of the word, and at least 1).
std::string_view NearestWord(std::string_view word, const std::vector<std::string_view>& candidates);

/// ` (did you mean "arch"?)`, or empty when no candidate is near: to be put after an error message.
std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace motley
