"""tritium serve: OpenAI's endpoints, over HTTP, of a model that was trained to answer."""
import base64
import json
import struct
import threading

import program
from running_server import BACKEND, CHAT_TEMPLATE, WithServer
from program import tritium

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"enum": ["Oslo", "Rome"]}}, "required": ["city"], "additionalProperties": False}}}


class Chat(WithServer):
    def test_an_answer(self):
        status, answer = self.server.chat("ping")
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["object"], "chat.completion")
        self.assertEqual(answer["model"], "small")
        choice = answer["choices"][0]
        self.assertEqual((choice["message"]["content"], choice["finish_reason"]), ("pong", "stop"))
        self.assertEqual(answer["usage"]["total_tokens"], answer["usage"]["prompt_tokens"] + answer["usage"]["completion_tokens"])

    def test_answers_at_temperature_0_are_those_of_run(self):
        for word in self.pairs:
            code, out, err = tritium("run", self.model, "--chat", "-p", word, "--temp", 0, "--backend", "cpu", "--threads", 1, "-n", 40)
            self.assertEqual(code, 0, err)
            self.assertEqual(self.server.chat(word, max_tokens=40)[1]["choices"][0]["message"]["content"].strip(), out.strip())
        code, out, err = tritium("run", self.model, "-p", "user: p", "--temp", 0, "--backend", "cpu", "--threads", 1, "-n", 20)
        self.assertEqual(self.server.post("/v1/completions", prompt="user: p", temperature=0, max_tokens=20)[1]["choices"][0]["text"].rstrip("\n"), out.rstrip("\n"))

    def test_a_stream_adds_up_to_the_answer(self):
        events = self.server.stream("/v1/chat/completions", messages=[{"role": "user", "content": "hi"}], temperature=0, stream_options={"include_usage": True})
        self.assertEqual(events[-1], "[DONE]")
        self.assertEqual(events[0]["choices"][0]["delta"]["role"], "assistant")
        text = "".join(e["choices"][0]["delta"].get("content", "") for e in events[:-1] if e["choices"])
        self.assertEqual(text, self.pairs["hi"])
        self.assertEqual([e["choices"][0]["finish_reason"] for e in events[:-1] if e["choices"]][-1], "stop")
        self.assertGreater(events[-2]["usage"]["completion_tokens"], 5)
        self.assertGreater(len(events), 10)  # as it comes, not at once

    def test_stop_texts_end_it_and_are_not_in_it(self):
        _, answer = self.server.chat("hi", stop=[", who", "zzz"])
        self.assertEqual((answer["choices"][0]["message"]["content"], answer["choices"][0]["finish_reason"]), ("hello there", "stop"))

    def test_max_tokens_is_length(self):
        _, answer = self.server.chat("hi", max_completion_tokens=3)
        self.assertEqual((answer["choices"][0]["finish_reason"], answer["usage"]["completion_tokens"]), ("length", 3))

    def test_a_seed_says_the_same_again(self):
        def text(seed):
            return self.server.chat("ping", seed=seed, temperature=2, tritium={"top_k": 0, "min_p": 0}, top_p=1, max_tokens=20)[1]["choices"][0]["message"]["content"]
        self.assertEqual(text(5), text(5))
        self.assertGreater(len({text(seed) for seed in range(4)}), 1)

    def test_a_dense_model_has_no_experts_to_tell(self):
        events = self.server.stream("/v1/chat/completions", messages=[{"role": "user", "content": "ping"}], tritium={"experts": True}, temperature=0)
        self.assertFalse(any("experts" in choice for event in events[:-1] for choice in event["choices"]))

    def test_options_of_other_servers_are_taken(self):
        def text(**options):
            return self.server.chat("ping", seed=5, temperature=2, top_p=1, max_tokens=20, **options)[1]["choices"][0]["message"]["content"]
        self.assertEqual(text(top_k=1), self.server.chat("ping")[1]["choices"][0]["message"]["content"])
        self.assertEqual(text(top_k=-1, min_p=0.2, repetition_penalty=1.5), text(tritium={"top_k": 0, "min_p": 0.2, "repeat_penalty": 1.5}))
        self.assertEqual(text(repeat_penalty=1.5), text(repetition_penalty=1.5))

    def test_several_choices_have_seeds_that_follow(self):
        options = dict(temperature=2, tritium={"top_k": 0, "min_p": 0}, top_p=1, max_tokens=12)
        _, three = self.server.chat("ping", n=3, seed=8, **options)
        self.assertEqual([c["index"] for c in three["choices"]], [0, 1, 2])
        for i, choice in enumerate(three["choices"]):
            self.assertEqual(choice["message"]["content"], self.server.chat("ping", seed=8 + i, **options)[1]["choices"][0]["message"]["content"])

    def test_log_probabilities_are_of_the_tokens(self):
        _, answer = self.server.chat("ping", logprobs=True, top_logprobs=3)
        content = answer["choices"][0]["logprobs"]["content"]
        self.assertEqual("".join(t["token"] for t in content).strip(), "pong")
        for token in content:
            self.assertEqual(len(token["top_logprobs"]), 3)
            self.assertEqual(token["top_logprobs"][0]["logprob"], token["logprob"])  # at temperature 0
            self.assertEqual(bytes(token["bytes"]).decode(), token["token"])
        _, answer = self.server.post("/v1/completions", prompt="user: p", temperature=0, max_tokens=3, logprobs=2)
        self.assertEqual(len(answer["choices"][0]["logprobs"]["token_logprobs"]), 3)

    def complete(self, **request):
        status, answer = self.server.post("/v1/completions", **{"temperature": 0, **request})
        self.assertEqual(status, 200, answer)
        return answer

    def test_a_prompt_is_scored_as_what_the_model_writes_itself(self):
        written = self.complete(prompt="user: p", max_tokens=6, logprobs=2, echo=True)["choices"][0]
        logs = written["logprobs"]
        self.assertTrue(written["text"].startswith("user: p"))
        self.assertEqual((logs["token_logprobs"][0], logs["top_logprobs"][0]), (None, None))
        self.assertEqual({len(logs[key]) for key in logs}, {len(logs["tokens"])})
        ids = self.server.post("/tokenize", content="user: p")[1]["tokens"]
        n = len(ids)
        self.assertEqual(len(logs["tokens"]), n + 6)
        # Likelihoods of the same text, given as a prompt and asked for without an answer.
        again = self.complete(prompt=written["text"], max_tokens=0, logprobs=2, echo=True)
        scored = again["choices"][0]
        self.assertEqual((scored["text"], scored["finish_reason"], again["usage"]["completion_tokens"]), (written["text"], "length", 0))
        self.assertEqual(scored["logprobs"]["tokens"], logs["tokens"])
        for a, b in zip(logs["token_logprobs"][1:], scored["logprobs"]["token_logprobs"][1:]):
            self.assertAlmostEqual(a, b, places=3)
        for top in scored["logprobs"]["top_logprobs"][1:]:
            self.assertEqual(len(top), 2)
        events = self.server.stream("/v1/completions", prompt=written["text"], max_tokens=0, logprobs=2, echo=True)
        self.assertEqual(events[0]["choices"][0]["text"], written["text"])
        self.assertEqual(events[0]["choices"][0]["logprobs"], scored["logprobs"])

    def test_several_prompts_are_answered_as_each_alone(self):
        prompts = ["user: p", "user: h", "us"]
        together = self.complete(prompt=prompts, max_tokens=5, logprobs=0, echo=True, n=2)
        self.assertEqual([c["index"] for c in together["choices"]], list(range(6)))
        total = 0
        for i, prompt in enumerate(prompts):
            alone = self.complete(prompt=prompt, max_tokens=5, logprobs=0, echo=True)
            total += alone["usage"]["prompt_tokens"]
            for choice in together["choices"][2 * i:2 * i + 2]:
                self.assertEqual(choice["text"], alone["choices"][0]["text"])
                self.assertEqual(choice["logprobs"]["tokens"], alone["choices"][0]["logprobs"]["tokens"])
        self.assertEqual(together["usage"]["prompt_tokens"], total)
        self.assertEqual(self.complete(prompt="us", max_tokens=0)["choices"][0]["text"], "")

    def test_a_schema_holds(self):
        schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0, "maximum": 99}, "b": {"type": "boolean"}}, "required": ["n", "b"], "additionalProperties": False}
        _, answer = self.server.chat("ping", temperature=1, seed=1, response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
        value = json.loads(answer["choices"][0]["message"]["content"])
        self.assertEqual(set(value), {"n", "b"})
        status, error = self.server.chat("ping", response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nothing"}}})
        self.assertEqual(status, 400, error)

    def test_a_tool_that_is_required_is_called(self):
        for how in ({}, {"stream": True}):
            if how:
                events = self.server.stream("/v1/chat/completions", messages=[{"role": "user", "content": "ping"}], tools=[WEATHER], tool_choice="required")
                calls = [c for e in events[:-1] for c in e["choices"][0]["delta"].get("tool_calls", [])]
                finish = events[-2]["choices"][0]["finish_reason"]
            else:
                _, answer = self.server.chat("ping", tools=[WEATHER], tool_choice="required")
                calls, finish = answer["choices"][0]["message"]["tool_calls"], answer["choices"][0]["finish_reason"]
            self.assertEqual(finish, "tool_calls")
            self.assertEqual(calls[0]["function"]["name"], "weather")
            self.assertIn(json.loads(calls[0]["function"]["arguments"])["city"], ("Oslo", "Rome"))
            self.assertTrue(calls[0]["id"])
        back = [{"role": "user", "content": "ping"}, {"role": "assistant", "content": None, "tool_calls": [{k: v for k, v in calls[0].items() if k != "index"}]},
                {"role": "tool", "tool_call_id": calls[0]["id"], "content": "sunny"}]
        self.assertEqual(self.server.post("/v1/chat/completions", messages=back, tools=[WEATHER], max_tokens=4)[0], 200)

    def test_a_conversation_goes_on_from_what_is_evaluated(self):
        messages = [{"role": "user", "content": "hi"}]
        first = self.server.post("/v1/chat/completions", messages=messages, temperature=0)[1]
        messages += [first["choices"][0]["message"], {"role": "user", "content": "red"}]
        messages[1].pop("refusal")
        second = self.server.post("/v1/chat/completions", messages=messages, temperature=0)[1]
        anew = self.server.post("/v1/chat/completions", messages=messages, temperature=0, tritium={"cache_prompt": False})[1]
        self.assertGreater(second["usage"]["prompt_tokens_details"]["cached_tokens"], 20)
        self.assertEqual(anew["usage"]["prompt_tokens_details"]["cached_tokens"], 0)
        self.assertEqual(second["choices"][0]["message"], anew["choices"][0]["message"])

    def test_many_at_once_say_what_each_says_alone(self):
        got, words = {}, list(self.pairs) * 8
        alone = {w: self.server.chat(w)[1]["choices"][0]["message"]["content"] for w in self.pairs}
        def ask(i):
            got[i] = self.server.chat(words[i])[1]["choices"][0]["message"]["content"]
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(len(words))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual([got[i] for i in range(len(words))], [alone[w] for w in words])

    def test_responses(self):
        _, whole = self.server.post("/v1/responses", input="ping", temperature=0, instructions=None)
        self.assertEqual((whole["status"], whole["output"][0]["content"][0]["text"]), ("completed", "pong"))
        events = self.server.stream("/v1/responses", input=[{"role": "user", "content": "hi"}], temperature=0)
        self.assertEqual(events[0]["type"], "response.created")
        self.assertEqual("".join(e["delta"] for e in events if e["type"] == "response.output_text.delta"), self.pairs["hi"])
        self.assertEqual(events[-1]["response"]["output"][0]["content"][0]["text"], self.pairs["hi"])

    def test_embeddings_are_those_of_embed(self):
        _, answer = self.server.post("/v1/embeddings", input=["ping", "red"])
        code, out, err = tritium("embed", self.model, "--text", "ping", "--text", "red", "--json", "--backend", "cpu", "--threads", 1)
        self.assertEqual(code, 0, err)
        for got, expected in zip(answer["data"], json.loads(out)["embeddings"]):
            for a, b in zip(got["embedding"], expected):
                self.assertAlmostEqual(a, b, places=6)
        _, packed = self.server.post("/v1/embeddings", input="ping", encoding_format="base64")
        data = base64.b64decode(packed["data"][0]["embedding"])
        self.assertEqual(list(struct.unpack(f"<{len(data) // 4}f", data)), answer["data"][0]["embedding"])

    def test_tokens_and_back(self):
        _, answer = self.server.post("/v1/tokenize", content="ping é", pieces=True)
        code, out, _ = tritium("tokenize", self.model, "--text", "ping é", "--json")
        self.assertEqual(answer["count"], len(answer["tokens"]))
        self.assertEqual(len(answer["pieces"]), answer["count"])
        _, text = self.server.post("/detokenize", tokens=answer["tokens"])
        self.assertEqual(text["content"].strip(), "ping é")
        _, chat = self.server.post("/tokenize", messages=[{"role": "user", "content": "ping"}])
        self.assertGreater(chat["count"], answer["count"])

    def test_what_is_wrong_names_the_field(self):
        for options, param in (({"temperature": 9}, "temperature"), ({"model": "large"}, "model"), ({"n": 99}, "n"), ({"logit_bias": {"9999999": 1}}, "logit_bias"),
                               ({"max_tokns": 1}, "max_tokns"), ({"tools": [WEATHER], "response_format": {"type": "json_object"}}, "tools")):
            status, answer = self.server.chat("ping", **options)
            self.assertEqual(status, 404 if param == "model" else 400, answer)
            self.assertEqual(answer["error"]["param"], param)
        status, answer = self.server.chat("long " * 500)
        self.assertEqual((status, answer["error"]["code"]), (400, "context_length_exceeded"))
        self.assertEqual(self.server.ask("POST", "/v1/chat/completions", "{")[1]["error"]["code"], "invalid_json")
        status, answer = self.server.chat("ping", tritium={"grammar": "root ::= ("})
        self.assertEqual(status, 400, answer)

    def test_models_health_and_metrics(self):
        _, models = self.server.ask("GET", "/v1/models")
        self.assertEqual([m["id"] for m in models["data"]], ["small"])
        self.assertTrue(models["data"][0]["tritium"]["chat"])
        self.assertEqual(self.server.ask("GET", "/v1/models/small")[1], models["data"][0])
        self.assertEqual(self.server.ask("GET", "/v1/models/none")[0], 404)
        self.server.chat("ping")
        status, health = self.server.ask("GET", "/health")
        self.assertEqual((status, health["status"], health["device"]["backend"].split(":")[0]), (200, "ok", BACKEND))
        self.assertGreater(health["models"][0]["tokens_per_second"], 0)
        _, metrics = self.server.ask("GET", "/metrics")
        values = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
        self.assertGreater(float(values['tritium_model_generated_tokens_total{model="small"}']), 0)
        self.assertGreater(float(values['tritium_http_requests_total{endpoint="/v1/chat/completions",status="200"}']), 0)
        status, page = self.server.ask("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("<!doctype html>", page)


class Experts(WithServer):
    """Which experts computed each token of a stream."""
    SHAPE = {"architecture": "qwen3moe", "dim": 64, "layers": 3, "heads": 2, "kv_heads": 2, "head_dim": 32, "ffn": 64, "experts": 8, "top_k": 2, "context": 256}

    @classmethod
    def train(cls):
        data = cls.write("chat.jsonl", "\n".join(json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}) for q, a in cls.pairs.items()) + "\n")
        path = cls.path("small.gguf")
        code, _, err = tritium("train", "--transformer", cls.write("shape.json", json.dumps(cls.SHAPE)), "--data", data, "--valid-data", data,
                               "--chat-template", cls.write("chat.jinja", CHAT_TEMPLATE), "--steps", 1, "--batch", 2, "--context", 32, "--threads", 1, "--backend", "cpu", "-o", path)
        assert code == 0, err
        return path

    def told(self, path="/v1/chat/completions", **options):
        """The text, and of each token [layer][k]."""
        events = self.server.stream(path, **dict({"temperature": 0, "max_tokens": 12, "stream_options": {"include_usage": True}}, **options))
        text, tokens = "", []
        for event in events[:-1]:
            for choice in event["choices"]:
                text += choice.get("text") or choice.get("delta", {}).get("content") or ""
                experts = choice.get("experts", [])
                tokens += experts if experts and isinstance(experts[0][0], list) else [experts] if experts else []
        self.assertEqual(len(tokens), events[-2]["usage"]["completion_tokens"] if options.get("tritium") else 0)
        return text, tokens

    def messages(self, word):
        return {"messages": [{"role": "user", "content": word}]}

    def test_come_with_each_token(self):
        for path, asked in (("/v1/chat/completions", self.messages("ping")), ("/v1/completions", {"prompt": "user: p"})):
            text, tokens = self.told(path, tritium={"experts": True}, **asked)
            self.assertGreater(len(tokens), 3)
            for layers in tokens:
                self.assertEqual([len(set(experts)) for experts in layers], [2] * 3)
                self.assertTrue(all(0 <= expert < 8 for experts in layers for expert in experts))
            self.assertEqual(self.told(path, **asked), (text, []))

    def test_of_many_at_once_are_those_of_each_alone(self):
        words = [f"{word} {i}" for i in range(2) for word in self.pairs]
        alone = [self.told(tritium={"experts": True, "cache_prompt": False}, **self.messages(word)) for word in words]
        got = {}
        threads = [threading.Thread(target=lambda i=i: got.update({i: self.told(tritium={"experts": True}, **self.messages(words[i]))})) for i in range(len(words))]
        others = [threading.Thread(target=self.told, kwargs=self.messages(word)) for word in words]
        for thread in threads + others:
            thread.start()
        for thread in threads + others:
            thread.join()
        self.assertEqual([got[i] for i in range(len(words))], alone)

    def test_are_of_streams_alone(self):
        status, answer = self.server.chat("ping", tritium={"experts": True})
        self.assertEqual((status, answer["error"]["param"]), (400, "tritium.experts"))


if __name__ == "__main__":
    program.main()
