import tritium


def show(now: tritium.TrainProgress) -> None:
    print(f"step {now.step} of {now.steps}: {now.train_loss:.2f} nats a token")  # return False to stop


config = {"model": "model.gguf", "data": ["book.txt"], "steps": 4, "context": 32, "batch": 2, "output": "tuned.gguf"}
print(f"{tritium.train_plan(config).memory_bytes / 1e6:.0f} MB")
report = tritium.train(config, progress=show)
print(f"held-out loss {report.first_valid_loss:.2f} -> {report.valid_loss:.2f}")
print(tritium.load("tuned.gguf").create_session().generate("Once", max_tokens=20).text())
