#include "api/compiled_grammars.h"

#include <gtest/gtest.h>

namespace tritium {
namespace {

TEST(CompiledGrammars, OneThatWasMadeReadyIsThereForTheNextGeneration) {
  CompiledGrammars grammars;
  const GenerateOptions schema = {.json_schema = R"({"type": "integer"})"};
  const GenerateOptions gbnf = {.grammar = R"({"type": "integer"})"};
  const Result<grammar::Grammar> made = grammars.of(schema);
  ASSERT_TRUE(made.ok()) << made.message();
  EXPECT_EQ(grammars.of(schema)->network(), made->network());
  EXPECT_EQ(grammars.of(gbnf).code(), StatusCode::invalid_argument) << "the same text in another notation";
}

}  // namespace
}  // namespace tritium
