"""Options of run and chat that say how tokens are drawn, and where a text ends."""
import json
import math

import program
from program import WithModel, tritium

# Without an end of the text, token 2.
HOT = ("--temp", 3, "--top-k", 0, "--min-p", 0, "--logit-bias", "2-inf", "--threads", 1, "--backend", "cpu")


class Sampling(WithModel):
    def written(self, *arguments, n=40):
        code, out, err = tritium("run", self.model, "-p", "a mill", "-n", n, *arguments, "--json")
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_without_a_seed_each_text_is_another_one_and_its_seed_is_told(self):
        first, second, asked = (self.written(*HOT, *seed) for seed in ((), (), ("--seed", -1)))
        self.assertEqual(len({tuple(w["tokens"]) for w in (first, second, asked)}), 3)
        again = self.written(*HOT, "--seed", first["seed"])
        self.assertEqual((again["tokens"], again["seed"]), (first["tokens"], first["seed"]))
        _, out, err = tritium("run", self.model, "-p", "a mill", "-n", 5, *HOT)
        self.assertRegex(err, r", seed \d+\n")
        self.assertNotIn("seed", tritium("run", self.model, "-p", "a mill", "-n", 5, "--temp", 0)[2])

    def test_a_text_ends_before_a_stop_text(self):
        whole = self.written(*HOT, "--seed", 1)
        stop = whole["text"][10:13]
        stopped = self.written(*HOT, "--seed", 1, "--stop", stop, "--stop", "no such text")
        self.assertEqual((stopped["stop"], stopped["stop_text"]), ("stop_text", stop))
        self.assertEqual(stopped["text"], whole["text"][:whole["text"].index(stop)])
        self.assertEqual(whole["stop_text"], "")
        code, out, _ = tritium("run", self.model, "-p", "a mill", "-n", 40, *HOT, "--seed", 1, "--stop", stop)
        self.assertEqual((code, out), (0, stopped["text"] + "\n"))
        # An end that does not come is written to the last character.
        missed = self.written(*HOT, "--seed", 1, "--stop", whole["text"][-2:] + "!")
        self.assertEqual(missed["text"], whole["text"])

    def test_log_probabilities_are_those_before_the_options(self):
        written = self.written(*HOT, "--seed", 2, "--logprobs", 3, n=6)
        other = self.written("--temp", 0, "--logit-bias", f"{written['tokens'][0]}+1000", "--logprobs", 3, n=6)
        self.assertEqual([one["token"] for one in written["log_probabilities"]], written["tokens"])
        self.assertEqual(other["log_probabilities"][0], written["log_probabilities"][0])
        for one in written["log_probabilities"]:
            best = [p["log_probability"] for p in one["most_probable"]]
            self.assertEqual((len(best), best), (3, sorted(best, reverse=True)))
            self.assertLessEqual(one["log_probability"], best[0])
            self.assertLess(sum(map(math.exp, best)), 1)
        self.assertNotIn("log_probabilities", self.written(n=1))
        self.fails(2, "--logprobs", "run", self.model, "-p", "x", "--logprobs", 3)
        self.fails(2, "--logprobs", "run", self.model, "-p", "x", "--json", "--logprobs", 65)

    def test_a_bias_forces_and_forbids(self):
        self.assertEqual(set(self.written("--logit-bias", "70+1000")["tokens"]), {70})
        greedy = self.written("--temp", 0)["tokens"]
        without = self.written("--temp", 0, "--logit-bias", f"{greedy[0]}-inf", "--logit-bias", f"{greedy[-1]}-1e9")["tokens"]
        self.assertFalse({greedy[0], greedy[-1]} & set(without))
        for wrong in ("70", "+1", "70+", "70+x", "7x+1", "70+-1", "70+nan", "99999999999+1"):
            self.fails(2, "a token id, a bias", "run", self.model, "-p", "x", "--logit-bias", wrong)
        self.fails(2, "logit_bias names token 9999", "run", self.model, "-p", "x", "--logit-bias", "9999+1")
        self.fails(2, "bias of logit_bias is inf", "run", self.model, "-p", "x", "--logit-bias", "9+inf")

    def test_what_was_written_is_written_less(self):
        tokens = {name: self.written("--temp", 0, *options, n=80)["tokens"] for name, options in {
            "plain": (), "repeat": ("--repeat-penalty", 3, "--repeat-last-n", -1), "frequency": ("--frequency-penalty", 5),
            "presence": ("--presence-penalty", 100, "--repeat-last-n", -1),
            "dry": ("--dry-multiplier", 100, "--dry-allowed-length", 1, "--dry-sequence-breaker", "none")}.items()}
        for name in ("repeat", "frequency", "presence"):
            self.assertGreater(len(set(tokens[name])), len(set(tokens["plain"])), name)
        self.assertEqual(len(set(tokens["presence"])), 80)
        pairs = list(zip(tokens["dry"], tokens["dry"][1:]))
        self.assertEqual(len(set(pairs)), len(pairs), "no two tokens follow each other again")

    def test_a_full_context_stops_slides_or_is_an_error(self):
        stopped = self.written(*HOT, "--seed", 3, "--context", 24)
        self.assertEqual((stopped["stop"], stopped["slides"]), ("context_full", 0))
        slid = self.written(*HOT, "--seed", 3, "--context", 24, "--context-full", "slide", "--keep", 2)
        self.assertEqual((slid["stop"], len(slid["tokens"])), ("max_tokens", 40))
        self.assertGreater(slid["slides"], 1)
        self.assertEqual(slid["tokens"][:len(stopped["tokens"])], stopped["tokens"])
        code, out, err = tritium("run", self.model, "-p", "a mill", "-n", 40, *HOT, "--seed", 3, "--context", 24, "--context-full", "error")
        self.assertEqual((code, out), (1, stopped["text"] + "\n"))
        self.assertIn("the context of 24 tokens is full after", err)
        self.fails(2, "sinks is 24", "run", self.model, "-p", "a", "--context", 24, "--context-full", "slide", "--keep", 24)
        self.fails(2, "--context-full", "run", self.model, "-p", "a", "--context-full", "grow")

    def test_values_outside_their_ranges_are_refused_before_the_model_is_opened(self):
        for option, name, value in (("--typical", "typical_p", 0), ("--top-n-sigma", "top_n_sigma", -1), ("--mirostat", "mirostat", 3),
                                    ("--xtc-probability", "xtc_probability", 2), ("--xtc-threshold", "xtc_threshold", -1),
                                    ("--mirostat-lr", "mirostat_eta", -1), ("--mirostat-ent", "mirostat_tau", -1),
                                    ("--repeat-penalty", "repeat_penalty", 0), ("--repeat-last-n", "penalty_last_n", -2),
                                    ("--frequency-penalty", "frequency_penalty", "inf"), ("--presence-penalty", "presence_penalty", "nan"),
                                    ("--dry-multiplier", "dry_multiplier", -1), ("--dry-base", "dry_base", 0),
                                    ("--dry-allowed-length", "dry_allowed_length", 0), ("--dry-penalty-last-n", "dry_penalty_last_n", -2)):
            for command in ("run", "chat"):
                self.fails(2, name + " is ", command, self.path("none.gguf"), option, value)
        for seed in ("-2", "x", "1.5"):
            self.fails(2, "is neither -1 nor an integer", "run", self.model, "-p", "x", "--seed", seed)

    def test_guesses_change_none_of_it(self):
        options = ("--temp", 0.3, "--seed", 4, "--repeat-penalty", 1.05, "--mirostat", 2, "--context", 64, "--context-full", "slide",
                   "--backend", "cpu")
        with_guesses, without = (self.written(*options, *guess, n=100) for guess in (("--guess", 5), ()))
        self.assertEqual((with_guesses["tokens"], with_guesses["text"]), (without["tokens"], without["text"]))


program.main()
