#include "common/fleet/classes.h"

#include <algorithm>
#include <utility>

#include "common/fleet/evaluate.h"
#include "common/selector/evaluate.h"

namespace motley {
namespace {

// As many rows as keep their words in the first-level cache.
constexpr FleetIndex::Row kBlockRows = 2048;

// The finalizer of MurmurHash3 (public domain, A. Appleby).
std::uint64_t Mix(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 33);
}

std::uint64_t HashOf(const std::uint64_t* words, std::size_t count) {
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < count; ++i) hash = Mix(hash ^ words[i]);
  return hash;
}

template <typename T>
void HashInto(std::uint64_t& hash, const std::vector<T>& numbers) {
  for (const T number : numbers) hash = Mix(hash ^ number);
}

std::uint64_t HashOf(const FleetClasses::Traits& traits) {
  std::uint64_t hash = 0;
  HashInto(hash, traits.answers.words());
  HashInto(hash, traits.values);
  HashInto(hash, traits.levels);
  HashInto(hash, traits.boards);
  HashInto(hash, traits.extras);
  return hash;
}

}  // namespace

std::size_t FleetClasses::WordsHash::operator()(const std::vector<std::uint64_t>& words) const {
  return HashOf(words.data(), words.size());
}

FleetClasses::FleetClasses(const FleetIndex& fleet, Distinctions distinctions, std::span<const std::uint16_t> extras)
    : fleet_(&fleet), distinctions_(std::move(distinctions)), key_(fleet, distinctions_), slots_(1024) {
  GroupAll(extras);
}

std::size_t FleetClasses::SlotOf(const std::uint64_t* words) const {
  const std::size_t width = key_.words();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = HashOf(words, width) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (std::equal(words, words + width, &key_words_[(slots_[slot] - 1) * width])) break;
  }
  return slot;
}

FleetClasses::Key FleetClasses::KeyOf(const std::uint64_t* words) {
  std::size_t slot = SlotOf(words);
  if (slots_[slot] != 0) return slots_[slot] - 1;
  const std::size_t width = key_.words();
  const std::size_t keys = key_words_.size() / width;
  if ((keys + 1) * 2 > slots_.size()) {
    Rehash(slots_.size() * 4);
    slot = SlotOf(words);
  }
  key_words_.insert(key_words_.end(), words, words + width);
  slots_[slot] = static_cast<Key>(keys) + 1;
  return static_cast<Key>(keys);
}

void FleetClasses::Rehash(std::size_t slots) {
  const std::size_t width = key_.words();
  slots_.assign(slots, 0);
  for (std::size_t key = 0; key * width < key_words_.size(); ++key) {
    std::size_t slot = HashOf(&key_words_[key * width], width) & (slots - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (slots - 1);
    slots_[slot] = static_cast<Key>(key) + 1;
  }
}

// All but the answers.
FleetClasses::Traits FleetClasses::TraitsOf(Key key) const {
  const std::uint64_t* const words = &key_words_[key * key_.words()];
  Traits traits{.answers = Bitmap(distinctions_.conditions.size())};
  for (std::size_t i = 0; i < distinctions_.values.size(); ++i) traits.values.push_back(key_.Value(words, i));
  for (std::size_t i = 0; i < distinctions_.levels.size(); ++i) traits.levels.push_back(key_.Level(words, i));
  for (std::size_t i = 0; i < distinctions_.boards.size(); ++i) traits.boards.push_back(key_.Boards(words, i));
  for (std::size_t i = 0; i < distinctions_.extras; ++i) traits.extras.push_back(key_.Extra(words, i));
  return traits;
}

FleetClasses::Class FleetClasses::ClassWith(Traits traits, Row example) {
  const std::uint64_t hash = HashOf(traits);
  const auto [first, last] = by_traits_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    if (classes_[at->second].traits == traits) return at->second;
  }
  const auto made = static_cast<Class>(classes_.size());
  classes_.push_back({std::move(traits), 0, std::string(fleet_->Name(example))});
  by_traits_.emplace(hash, made);
  return made;
}

void FleetClasses::GroupAll(std::span<const std::uint16_t> extras) {
  const Row rows = fleet_->row_limit();
  const std::size_t width = key_.words();
  // An eighth more, so that the first who join do not make it move.
  class_of_row_.reserve(rows + rows / 8);
  class_of_row_.assign(rows, kNone);
  std::vector<Row> examples;
  std::vector<std::size_t> counts;
  std::vector<std::uint64_t> words(kBlockRows * width);
  const Bitmap with_gateway = fleet_->Rows();
  key_.BeginBlocks();
  for (Row first = 0; first < rows; first += kBlockRows) {
    const Row last = std::min(rows, first + kBlockRows);
    key_.Block(first, last, extras.data(), words.data());
    for (Row row = first; row < last; ++row) {
      if (!with_gateway.Get(row)) continue;
      const Key key = KeyOf(&words[(row - first) * width]);
      if (key == examples.size()) {
        examples.push_back(row);
        counts.push_back(0);
      }
      ++counts[key];
      class_of_row_[row] = key;
    }
  }
  key_.EndBlocks();

  // One gateway of each context answers for all of them.
  std::unordered_map<std::vector<std::uint64_t>, std::size_t, WordsHash> contexts;
  std::vector<std::size_t> context_of_key;
  std::vector<Row> of_contexts;
  for (Key key = 0; key < examples.size(); ++key) {
    const auto [found, is_new] = contexts.try_emplace(ContextOf(key), of_contexts.size());
    if (is_new) of_contexts.push_back(examples[key]);
    context_of_key.push_back(found->second);
  }
  std::vector<Bitmap> answers(of_contexts.size(), Bitmap(distinctions_.conditions.size()));
  ColumnEvaluator evaluator(*fleet_, of_contexts);
  for (std::size_t i = 0; i < distinctions_.conditions.size(); ++i) {
    evaluator.Evaluate(distinctions_.conditions[i]).ForEach([&](std::size_t context) { answers[context].Set(i); });
  }
  for (Key key = 0; key < examples.size(); ++key) {
    Traits traits = TraitsOf(key);
    traits.answers = answers[context_of_key[key]];
    class_of_key_.push_back(ClassWith(std::move(traits), examples[key]));
    classes_[class_of_key_[key]].count += counts[key];
    by_context_.try_emplace(ContextOf(key), class_of_key_[key]);
  }
  for (Class& of_row : class_of_row_) {
    if (of_row != kNone) of_row = class_of_key_[of_row];
  }
}

std::vector<std::uint64_t> FleetClasses::ContextOf(Key key) const {
  const std::uint64_t* const words = &key_words_[key * key_.words()];
  std::vector<std::uint64_t> context(words, words + key_.words());
  key_.ClearExtras(context.data());
  return context;
}

Bitmap FleetClasses::AnswersOf(Row row) const {
  Bitmap answers(distinctions_.conditions.size());
  const Attributes gateway = fleet_->AttributesOf(row);
  for (std::size_t i = 0; i < distinctions_.conditions.size(); ++i) {
    answers.SetIf(i, Evaluate(distinctions_.conditions[i], gateway));
  }
  return answers;
}

FleetClasses::Class FleetClasses::ClassOfNewKey(Key key, Row row) {
  Traits traits = TraitsOf(key);
  std::vector<std::uint64_t> context = ContextOf(key);
  const auto known = by_context_.find(context);
  traits.answers = known == by_context_.end() ? AnswersOf(row) : classes_[known->second].traits.answers;
  const Class made = ClassWith(std::move(traits), row);
  by_context_.try_emplace(std::move(context), made);
  return made;
}

FleetClasses::Move FleetClasses::Update(Row row, std::span<const std::uint16_t> extras) {
  if (row >= class_of_row_.size()) class_of_row_.resize(row + std::size_t{1}, kNone);
  Move move{.from = class_of_row_[row]};
  if (fleet_->Has(row)) {
    std::vector<std::uint64_t> words(key_.words());
    key_.Of(row, extras.data(), words.data());
    const Key key = KeyOf(words.data());
    if (key == class_of_key_.size()) class_of_key_.push_back(ClassOfNewKey(key, row));
    move.to = class_of_key_[key];
    ++classes_[move.to].count;
  }
  if (move.from != kNone) --classes_[move.from].count;
  class_of_row_[row] = move.to;
  return move;
}

FleetClasses::Members FleetClasses::ListMembers() const {
  Members members;
  members.starts.assign(classes_.size() + 1, 0);
  for (std::size_t c = 0; c < classes_.size(); ++c) members.starts[c + 1] = members.starts[c] + classes_[c].count;
  members.rows.resize(members.starts.back());
  std::vector<std::size_t> next(members.starts.begin(), members.starts.end() - 1);
  for (Row row = 0; row < class_of_row_.size(); ++row) {
    if (class_of_row_[row] != kNone) members.rows[next[class_of_row_[row]]++] = row;
  }
  return members;
}

std::size_t FleetClasses::MemoryBytes() const {
  std::size_t bytes = (key_words_.capacity() + by_context_.size() * (key_.words() + 8)) * sizeof(std::uint64_t) +
                      (slots_.capacity() + class_of_key_.capacity() + class_of_row_.capacity()) * sizeof(Key);
  for (const Entry& entry : classes_) {
    constexpr std::size_t kInMap = 40;
    bytes += sizeof(Entry) + kInMap + entry.traits.answers.words().size() * sizeof(std::uint64_t) +
             (entry.traits.values.size() + entry.traits.levels.size()) * sizeof(std::uint32_t);
  }
  return bytes;
}

}  // namespace motley
