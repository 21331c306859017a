#include "common/selector/parser.h"

#include <fmt/format.h>

#include "common/selector/lexer.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

constexpr std::size_t kMaxBytes = 4096;
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxTagBytes = 63;
constexpr std::string_view kTagPrefix = "tags.";

std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kString:
      return "a string";
    case Type::kNumber:
      return "a number";
    case Type::kList:
      return "a list";
  }
  return "";
}

/// An operand with what errors say of it.
struct Placed {
  Operand operand;
  Type type;
  std::size_t column;

  std::string Text() const {
    return std::visit([](const auto& value) { return Print(value); }, operand);
  }
  bool IsConstant() const { return std::holds_alternative<Constant>(operand); }
};

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Result<Expression> Run() {
    TRY_ASSIGN(Expression expression, Either());
    if (Peek().kind != TokenKind::kEnd) {
      return Refuse(Peek(), fmt::format("expected && or || before {}", Shown(Peek())));
    }
    return expression;
  }

  Result<AttributeRef> One() {
    TRY_ASSIGN(AttributeRef attribute, Named(Take()));
    if (Peek().kind != TokenKind::kEnd) {
      return Refuse(Peek(), fmt::format("expected one attribute, found {} behind it", Shown(Peek())));
    }
    return attribute;
  }

 private:
  const Token& Peek() const { return tokens_[at_]; }
  const Token& Take() { return tokens_[Peek().kind == TokenKind::kEnd ? at_ : at_++]; }
  bool IsSymbol(std::string_view symbol) const { return Peek().kind == TokenKind::kSymbol && Peek().text == symbol; }
  bool IsWord(std::string_view word) const { return Peek().kind == TokenKind::kWord && Peek().text == word; }
  bool Accept(std::string_view symbol) {
    if (!IsSymbol(symbol)) return false;
    ++at_;
    return true;
  }

  static std::string Shown(const Token& token) {
    if (token.kind == TokenKind::kEnd) return "the end";
    return "\"" + token.text + "\"";
  }
  static Error Refuse(std::size_t column, std::string_view problem) {
    return Error{Code::kInvalid, fmt::format("{} (column {})", problem, column)};
  }
  static Error Refuse(const Token& token, std::string_view problem) { return Refuse(token.column, problem); }

  Result<void> Expect(std::string_view symbol) {
    if (Accept(symbol)) return {};
    return Refuse(Peek(), fmt::format("expected \"{}\" before {}", symbol, Shown(Peek())));
  }

  Result<Expression> Either() {
    TRY_ASSIGN(Expression first, Both());
    if (!IsSymbol("||")) return first;
    Disjunction all;
    all.terms.push_back(std::move(first));
    while (Accept("||")) {
      TRY_ASSIGN(Expression term, Both());
      all.terms.push_back(std::move(term));
    }
    return Expression{std::move(all)};
  }

  Result<Expression> Both() {
    TRY_ASSIGN(Expression first, Term());
    if (!IsSymbol("&&")) return first;
    Conjunction all;
    all.terms.push_back(std::move(first));
    while (Accept("&&")) {
      TRY_ASSIGN(Expression term, Term());
      all.terms.push_back(std::move(term));
    }
    return Expression{std::move(all)};
  }

  Result<Expression> Term() {
    if (++depth_ > kMaxDepth) {
      return Refuse(Peek(), fmt::format("more than {} levels of parentheses and \"!\"", kMaxDepth));
    }
    auto term = TermInside();
    --depth_;
    return term;
  }

  Result<Expression> TermInside() {
    if (Accept("!")) {
      TRY_ASSIGN(Expression term, Term());
      Negation negation;
      negation.term.push_back(std::move(term));
      return Expression{std::move(negation)};
    }
    if (Accept("(")) {
      TRY_ASSIGN(Expression inside, Either());
      TRY(Expect(")"));
      return inside;
    }
    if (IsWord("true") || IsWord("false")) return Expression{Always{Take().text == "true"}};
    if (IsWord("has")) return Has();
    return Condition();
  }

  Result<Expression> Has() {
    ++at_;
    TRY(Expect("("));
    const Token& word = Take();
    TRY_ASSIGN(AttributeRef attribute, Named(word));
    if (attribute.attribute != Attribute::kTag) {
      return Refuse(word, fmt::format("has() asks for a tag, as in has(tags.region); every gateway has {}", word.text));
    }
    TRY(Expect(")"));
    return Expression{HasTag{std::move(attribute.tag)}};
  }

  Result<Expression> Condition() {
    TRY_ASSIGN(Placed left, Value());
    if (IsWord("in") || IsWord("not")) return Belongs(std::move(left));
    TRY_ASSIGN(const Relation relation, TakeRelation(left));
    TRY_ASSIGN(Placed right, Value());
    TRY(CheckComparison(left, relation, right));
    return Expression{Comparison{std::move(left.operand), relation, std::move(right.operand)}};
  }

  Result<Relation> TakeRelation(const Placed& left) {
    for (const Relation relation : {Relation::kEqual, Relation::kNotEqual, Relation::kLess, Relation::kLessOrEqual,
                                    Relation::kGreater, Relation::kGreaterOrEqual}) {
      if (Accept(Print(relation))) return relation;
    }
    return Refuse(Peek(),
                  fmt::format("{} needs a condition, as in {}; found {}", left.Text(),
                              left.type == Type::kList ? "\"uno\" in boards" : left.Text() + " == ...", Shown(Peek())));
  }

  static Result<void> CheckComparison(const Placed& left, Relation relation, const Placed& right) {
    for (const Placed* side : {&left, &right}) {
      if (side->type == Type::kList) {
        return Refuse(side->column, side->Text() + " is a list: ask with in, as in \"uno\" in " + side->Text());
      }
    }
    if (left.type != right.type) {
      return Refuse(right.column, fmt::format("{} is {}, {} is {}", left.Text(), TypeName(left.type), right.Text(),
                                              TypeName(right.type)));
    }
    if (left.IsConstant() && right.IsConstant()) {
      return Refuse(left.column, "a condition needs an attribute on one side");
    }
    if (left.type == Type::kString && relation != Relation::kEqual && relation != Relation::kNotEqual) {
      return Refuse(left.column, fmt::format("{} is a string and has no order; use == or !=", left.Text()));
    }
    return {};
  }

  Result<Expression> Belongs(Placed element) {
    Sense sense = Sense::kIn;
    if (IsWord("not")) {
      ++at_;
      sense = Sense::kNotIn;
    }
    if (!IsWord("in")) return Refuse(Peek(), "expected \"in\" after \"not\"");
    ++at_;
    if (element.type == Type::kList) return Refuse(element.column, element.Text() + " is a list itself");
    Membership membership{std::move(element.operand), sense, {}};
    if (Accept("[")) {
      if (std::holds_alternative<Constant>(membership.element)) {
        return Refuse(element.column, "a condition needs an attribute on one side");
      }
      TRY_ASSIGN(membership.list, ConstantList(element.type));
      return Expression{std::move(membership)};
    }
    const Token& word = Take();
    TRY_ASSIGN(AttributeRef list, Named(word));
    if (list.attribute == Attribute::kTag || TypeOf(list.attribute) != Type::kList) {
      return Refuse(word, word.text + " is no list; write in [...] or in boards");
    }
    if (element.type != Type::kString) return Refuse(element.column, word.text + " is a list of strings");
    membership.list = std::move(list);
    return Expression{std::move(membership)};
  }

  Result<std::variant<AttributeRef, std::vector<Constant>>> ConstantList(Type type) {
    std::vector<Constant> constants;
    do {
      const Token& token = Peek();
      TRY_ASSIGN(Placed value, Value());
      if (!value.IsConstant() || value.type != type) {
        return Refuse(token, fmt::format("{} stands in a list where {} is expected", value.Text(), TypeName(type)));
      }
      constants.push_back(std::get<Constant>(std::move(value.operand)));
    } while (Accept(","));
    TRY(Expect("]"));
    return std::variant<AttributeRef, std::vector<Constant>>(std::move(constants));
  }

  Result<Placed> Value() {
    const Token& token = Take();
    switch (token.kind) {
      case TokenKind::kString:
        return Placed{Constant(token.text), Type::kString, token.column};
      case TokenKind::kNumber:
        return Placed{Constant(token.number), Type::kNumber, token.column};
      case TokenKind::kWord: {
        TRY_ASSIGN(AttributeRef attribute, Named(token));
        const Type type = attribute.attribute == Attribute::kTag ? Type::kString : TypeOf(attribute.attribute);
        return Placed{std::move(attribute), type, token.column};
      }
      case TokenKind::kSymbol:
      case TokenKind::kEnd:
        break;
    }
    return Refuse(token, fmt::format("expected an attribute, a string or a number before {}", Shown(token)));
  }

  static Result<AttributeRef> Named(const Token& token) {
    if (token.kind != TokenKind::kWord) {
      return Refuse(token, fmt::format("expected an attribute before {}", Shown(token)));
    }
    const std::string_view name = token.text;
    if (name.starts_with(kTagPrefix)) {
      const std::string_view tag = name.substr(kTagPrefix.size());
      if (tag.empty() || tag.size() > kMaxTagBytes) {
        return Refuse(token, "a tag's name has 1 to 63 characters, as in tags.region");
      }
      return AttributeRef{Attribute::kTag, std::string(tag)};
    }
    std::vector<std::string_view> names{"tags.NAME"};
    for (const AttributeInfo& info : KnownAttributes()) {
      if (info.name == name) return AttributeRef{info.attribute, ""};
      names.push_back(info.name);
    }
    return Refuse(token, fmt::format("unknown attribute \"{}\"{}", name, DidYouMean(name, names)));
  }

  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Expression> ParseExpression(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error{Code::kInvalid, fmt::format("a selector of {} bytes is over the limit of {}", text.size(), kMaxBytes)};
  }
  TRY_ASSIGN(std::vector<Token> tokens, Tokenize(text));
  if (tokens.size() == 1) return Expression{Always{true}};
  return Parser(std::move(tokens)).Run();
}

Result<AttributeRef> ParseAttribute(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Error{Code::kInvalid, fmt::format("{} bytes are no attribute; write one such as tags.site", text.size())};
  }
  TRY_ASSIGN(std::vector<Token> tokens, Tokenize(text));
  return Parser(std::move(tokens)).One();
}

}  // namespace motley
