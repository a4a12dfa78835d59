import tritium

model = tritium.load("model.gguf")
session = model.create_session()
generation = session.generate("Once upon a time", max_tokens=60)
for token in generation:
    print(token, end="", flush=True)  # leaving the loop stops
print(f"\n{generation.result.tokens_per_second:.0f} tokens/s")
