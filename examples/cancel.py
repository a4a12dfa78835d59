import threading

import tritium

cancel = tritium.CancelToken()  # Ctrl-C needs none
clock = threading.Timer(0.5, cancel.set)
session = tritium.load("model.gguf").create_session()
clock.start()
generation = session.generate("Once upon a time", max_tokens=500, ignore_end=True, cancel=cancel)
written = 0
try:
    for token in generation:
        print(token, end="", flush=True)
        written += 1
    end = generation.result.stop.name
except tritium.Cancelled:  # within the prompt
    end = "CANCELLED"
clock.cancel()
print(f"\nafter {written} tokens: {end}")
