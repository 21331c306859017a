#include "tools/swarm/orders.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "common/selector/spelling.h"

namespace motley::swarm {
namespace {

using Verb = Order::Verb;

enum class Takes { kNothing, kCount, kGateways, kGatewaysAndChanges };

struct Grammar {
  std::string_view word;
  Verb verb;
  Takes takes;
  std::string_view example;
};

constexpr std::array<Grammar, 10> kGrammar{{
    {"context", Verb::kContext, Takes::kGatewaysAndChanges, "context gw-007,gw-008 memory_mb=512 boards=uno,nano"},
    {"leave", Verb::kLeave, Takes::kGateways, "leave gw-003"},
    {"join", Verb::kJoin, Takes::kCount, "join 20"},
    {"offline", Verb::kOffline, Takes::kGateways, "offline gw-001"},
    {"online", Verb::kOnline, Takes::kGateways, "online gw-001"},
    {"fail", Verb::kFail, Takes::kGateways, "fail gw-002"},
    {"heal", Verb::kHeal, Takes::kGateways, "heal all"},
    {"show", Verb::kShow, Takes::kGateways, "show gw-001"},
    {"stat", Verb::kStat, Takes::kNothing, "stat"},
    {"help", Verb::kHelp, Takes::kNothing, "help"},
}};

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

Result<const Grammar*> FindVerb(std::string_view word) {
  std::vector<std::string_view> words;
  for (const Grammar& grammar : kGrammar) {
    if (grammar.word == word) return &grammar;
    words.push_back(grammar.word);
  }
  return Error{Code::kInvalid, fmt::format("unknown order \"{}\"{}; `help` lists all", word, DidYouMean(word, words))};
}

Result<std::uint32_t> ParseCount(const std::string& text) {
  std::uint32_t count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault == std::errc() && end == text.data() + text.size() && count >= 1 && count <= kMostGateways) return count;
  return Error{Code::kInvalid,
               fmt::format("\"{}\" is not a number of gateways from 1 to {}, as in join 20", text, kMostGateways)};
}

}  // namespace

Result<Order> ParseOrder(std::string_view line) {
  const std::vector<std::string> words = Split(line, ' ');
  if (words.empty()) return Error{Code::kInvalid, "the order is empty; `help` lists all"};
  TRY_ASSIGN(const Grammar* grammar, FindVerb(words[0]));
  Order order{.verb = grammar->verb};
  const std::size_t least = grammar->takes == Takes::kNothing              ? 1
                            : grammar->takes == Takes::kGatewaysAndChanges ? 3
                                                                           : 2;
  const bool too_many = grammar->takes != Takes::kGatewaysAndChanges && words.size() > least;
  if (words.size() < least || too_many) {
    return Error{Code::kInvalid,
                 fmt::format("\"{}\" has {}; write it like: {}", line,
                             too_many ? "a word too many" : "not all that is needed", grammar->example)};
  }
  if (grammar->takes == Takes::kCount) {
    TRY_ASSIGN(order.count, ParseCount(words[1]));
  } else if (grammar->takes != Takes::kNothing) {
    order.gateways = Split(words[1], ',');
    order.changes.assign(words.begin() + 2, words.end());
  }
  return order;
}

std::string_view OrderHelp() {
  return "context GATEWAYS NAME=VALUE...  change what they report of themselves, and tags.NAME at the controller\n"
         "leave GATEWAYS                  disconnect them and remove them from the fleet\n"
         "join N                          N more of the generator's\n"
         "offline GATEWAYS                disconnect them\n"
         "online GATEWAYS                 connect them again\n"
         "fail GATEWAYS                   let them fail whatever they are to run\n"
         "heal GATEWAYS                   the end of it\n"
         "show GATEWAYS                   their latest reports, as JSON\n"
         "stat                            the figures of the swarm, as JSON\n"
         "GATEWAYS is a list of names with commas between them, or all.";
}

}  // namespace motley::swarm
