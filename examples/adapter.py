import tritium

config = {"model": "model.gguf", "data": ["book.txt"], "steps": 4, "context": 32, "batch": 2, "attention": "lora",
          "feed_forward": "lora", "embedding": "frozen", "head": "frozen", "norms": "frozen", "routers": "frozen",
          "export_type": "adapter", "output": "adapter.gguf"}
model = tritium.load("model.gguf")
session = model.create_session()
print(session.generate("Once", max_tokens=20).text())
report = tritium.train(config)  # the model stays as it is
print(f"held-out loss {report.first_valid_loss:.2f} -> {report.valid_loss:.2f}")
session.attach(model.load_adapter("adapter.gguf"), strength=0.8)
session.rewind()
print(session.generate("Once", max_tokens=20).text())
