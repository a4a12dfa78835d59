"""cancel.py MODEL [BACKEND …] [--tries N] [--prompt N]: how long calls go on after they were cancelled (sessions.md).

Each try begins a call in a thread, sets its CancelToken after a random while, and takes the time from there until the call
has returned. TRITIUM_LIBRARY names the library, as for the Python package.
"""
import argparse
import pathlib
import random
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bindings/python"))
import tritium  # noqa: E402

LONGEST = 2.0  # s until a call is cancelled


def milliseconds_until_it_ends(begin, within):
    """begin(cancel) is a call. None: it had ended before it was cancelled."""
    cancel, returned = tritium.CancelToken(), []

    def run():
        try:
            begin(cancel)
        except tritium.Cancelled:
            pass
        returned.append(time.perf_counter())

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(random.uniform(0, within))
    at = time.perf_counter()
    cancel.set()
    thread.join()
    return (returned[0] - at) * 1e3 if returned[0] > at else None


def measure(name, begin, tries):
    """The first call may be one that the others are not like: passes are recorded, kernels are chosen."""
    times = [milliseconds_until_it_ends(begin, LONGEST / (1 + i % 4)) for i in range(tries)]
    times = sorted(t for t in times if t is not None)
    if not times:
        return print(f"| {name} | ended before |", flush=True)
    print(f"| {name} | {len(times)} | {statistics.median(times):.1f} | {times[int(0.95 * (len(times) - 1))]:.1f} | {times[-1]:.1f} |",
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("backends", nargs="*", default=["reference", "cpu", "vulkan"])
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--prompt", type=int, default=1024)
    o = parser.parse_args()
    random.seed(1)
    print("| ms from set to return | ended so | median | 95 % | longest |\n|---|---|---|---|---|")
    for backend in o.backends:
        runtime = tritium.Runtime(backend)
        measure(f"{runtime.backend} load", lambda cancel: runtime.load(o.model, cancel=cancel).close(), o.tries)
        model = runtime.load(o.model)
        length = min(o.prompt, model.info.context_length - 64)
        prompt = [random.randrange(3, model.info.vocab_size) for _ in range(length)]
        session = model.create_session(context=length + 64)

        def feed(cancel):
            session.rewind(0)
            session.feed(prompt, cancel=cancel)

        def generate(cancel):
            session.rewind(min(session.position, 8))
            if session.position < 8:
                session.feed(prompt[session.position:8], cancel=cancel)
            session.generate(prompt[:1], max_tokens=1 << 30, ignore_end=True, when_full=tritium.WhenFull.SLIDE, cancel=cancel).text()

        measure(f"{runtime.backend} prompt of {length}", feed, o.tries)
        measure(f"{runtime.backend} tokens", generate, o.tries)


if __name__ == "__main__":
    main()
