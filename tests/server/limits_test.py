"""tritium serve and clients that nobody wrote honestly: keys, origins, sizes, slowness, disconnects, signals."""
import json
import os
import shutil
import signal
import socket
import threading
import time

import program
from running_server import WithServer

# Thousands of tokens: none ends it.
LONG = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 400, "n": 12, "logit_bias": {"2": -100}, "temperature": 1}


def eventually(condition, seconds=60):
    for _ in range(seconds * 10):
        if condition():
            return True
        time.sleep(0.1)
    return False


class Limits(WithServer):
    arguments = ("--max-body", 1, "--connections", 40, "--read-timeout", 2, "--parallel", 2)

    def figures(self):
        return self.server.ask("GET", "/health")[1]

    def test_a_client_that_leaves_ends_its_answer(self):
        server = self.start("--backend", "reference", "--parallel", 2)  # slow enough to be left
        for stream in (True, False):
            connection = server.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(dict(LONG, stream=stream)))
            if stream:
                connection.getresponse().readline()
            else:
                self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["requests"]["active"] > 0))
            before = self.cancelled(server)
            connection.close()
            self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["requests"] == {"active": 0, "queued": 0}))
            self.assertGreater(self.cancelled(server), before, f"stream: {stream}")

    def cancelled(self, server):
        metrics = server.ask("GET", "/metrics")[1]
        return int(next(line for line in metrics.splitlines() if line.startswith("tritium_model_choices_cancelled_total{")).split()[-1])

    def test_whole_answers_are_not_counted_as_cancelled(self):
        server = self.start()
        for _ in range(40):
            self.assertEqual(server.post("/v1/completions", prompt="a", max_tokens=1, n=3)[0], 200)
        metrics = server.ask("GET", "/metrics")[1]
        for name, count in (("finished", 120), ("cancelled", 0)):
            self.assertRegex(metrics, rf"tritium_model_choices_{name}_total{{[^}}]*}} {count}\n")

    def test_what_is_said_to_be_a_body_is_no_request(self):
        inner = b"GET /v1/models/smuggled HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        for method in (b"GET", b"HEAD", b"OPTIONS", b"TRACE"):
            for head, body in ((b"Content-Length: %d" % len(inner), inner), (b"Transfer-Encoding: chunked", b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner))):
                got = self.server.raw(method + b" /health HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n" + body)
                self.assertNotIn(b"smuggled", got)
                self.assertEqual(got.count(b"HTTP/1.1 "), 1)
                self.assertTrue(got.startswith(b"HTTP/1.1 4"), got)

    def test_a_chunked_body_may_have_trailers(self):
        body = b'{"content": "ab"}'
        head = b"POST /tokenize HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        got = self.server.raw(head + b"5;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n" % (body[:5], len(body) - 5, body[5:]))
        self.assertTrue(got.startswith(b"HTTP/1.1 200 "), got)
        for wrong in (b"zz\r\nab\r\n", b"2\r\nabc\r\n0\r\n\r\n", b"-1\r\n\r\n"):
            self.assertTrue(self.server.raw(head + wrong).startswith(b"HTTP/1.1 400 "), wrong)

    def test_http_1_0_gets_no_chunks(self):
        body = json.dumps({"messages": [{"role": "user", "content": "ping"}], "temperature": 0, "stream": True}).encode()
        for more in (b"", b"Connection: Keep-Alive\r\n"):
            got = self.server.raw(b"POST /v1/chat/completions HTTP/1.0\r\n%sContent-Length: %d\r\n\r\n" % (more, len(body)) + body)
            head, _, text = got.partition(b"\r\n\r\n")
            self.assertNotIn(b"chunked", head)
            self.assertTrue(text.startswith(b"data: "), got)
            self.assertTrue(text.endswith(b"data: [DONE]\n\n"), got)

    def test_addresses_and_names_as_they_may_be_written(self):
        for head in (b"GET http://localhost/health HTTP/1.1\r\nHost: localhost", b"GET /health HTTP/1.1\r\nHost: LOCALHOST"):
            self.assertIn(b" 200 ", self.server.raw(head + b"\r\nConnection: close\r\n\r\n"))
        self.assertIn(b" 403 ", self.server.raw(b"GET http://evil.example/health HTTP/1.1\r\nHost: localhost\r\n\r\n"))

    def test_a_header_that_is_too_long_is_called_that(self):
        for size, status in ((8000, 200), (9000, 431)):
            self.assertEqual(self.server.ask("GET", "/health", headers={"Cookie": "x" * size})[0], status)

    def test_a_token_that_is_none_has_no_text(self):
        for token in (-1, 1 << 20):
            self.assertEqual(self.server.post("/detokenize", tokens=[token])[0], 400)

    def test_what_was_not_read_is_logged_with_its_address(self):
        self.server.ask("GET", "/health", headers={"Cookie": "x" * 9000})
        self.assertTrue(eventually(lambda: any(line.startswith("127.0.0.1 - - 431") for line in self.server.log)))

    def test_a_full_queue_says_when_to_come_back(self):
        server = self.start("--queue", 2, "--parallel", 2)
        statuses, connections = [], []
        for _ in range(12):
            connection = server.connect()
            connection.request("POST", "/v1/chat/completions", json.dumps(dict(LONG, n=2)))
            connections.append(connection)
        for connection in connections:
            answer = connection.getresponse()
            statuses.append(answer.status)
            body = json.loads(answer.read())
            if answer.status == 429:
                self.assertEqual(body["error"]["code"], "queue_full")
                self.assertTrue(answer.getheader("Retry-After"))
            connection.close()
        self.assertEqual(set(statuses), {200, 429})
        self.assertGreaterEqual(statuses.count(200), 2)

    def test_a_body_that_is_too_large_is_refused_before_it_is_read(self):
        with self.server.socket() as s:
            s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000000\r\n\r\n")
            self.assertIn(b" 413 ", s.recv(65536))

    def test_a_body_without_end_is_cut(self):
        with self.server.socket() as s:
            s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            try:
                for _ in range(400):
                    s.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            except OSError:
                pass
            try:
                self.assertIn(b" 413 ", s.recv(65536))
            except ConnectionResetError:
                pass  # it was told, and went on
        self.assertEqual(self.server.chat("ping")[0], 200)

    def test_headers_without_end_are_cut(self):
        with self.server.socket() as s:
            s.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"y" * 900) for i in range(60)))
            self.assertIn(b" 431 ", s.recv(65536))
        with self.server.socket() as s:
            s.sendall(b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertRegex(s.recv(65536), rb" (414|431) ")

    def test_half_a_request_is_given_up(self):
        with self.server.socket() as s:
            s.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: loc")
            self.assertIn(b" 408 ", s.recv(65536))
        with self.server.socket() as s:  # a byte now and then is no progress either
            try:
                for _ in range(40):
                    s.sendall(b"x")
                    time.sleep(0.1)
            except OSError:
                pass
        self.assertEqual(self.server.ask("GET", "/health")[0], 200)

    def test_what_is_no_http_is_told_so(self):
        for data in (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"BREW /pot HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
            self.assertRegex(self.server.raw(data), rb"^(HTTP/1.1 4\d\d |$)")
        two = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"
        self.assertIn(b" 400 ", self.server.raw(two))
        zipped = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"
        self.assertIn(b" 415 ", self.server.raw(zipped))

    def test_an_end_is_said(self):
        """Not "Keep-Alive" before closing: a client would ask again on a connection that is gone."""
        for data, status in ((b"BREW /pot HTTP/1.1\r\n\r\n", b"400"), (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414")):
            head = self.server.raw(data).split(b"\r\n\r\n")[0]
            self.assertIn(b" " + status + b" ", head)
            self.assertIn(b"Connection: close", head)
            self.assertNotIn(b"Keep-Alive", head)

    def test_a_method_that_a_path_does_not_have_is_told_those_it_has(self):
        for method, path, allowed in (("GET", "/v1/completions", "POST, OPTIONS"), ("PUT", "/health", "GET, HEAD, OPTIONS"),
                                      ("POST", "/", "GET, HEAD, OPTIONS")):
            self.assertEqual(self.server.ask(method, path)[0], 405)
            self.assertEqual(self.server.last_headers["Allow"], allowed)
        for method in ("TRACE", "CONNECT"):
            status, answer = self.server.ask(method, "/health")
            self.assertEqual((status, answer["error"]["message"]), (501, f"{method} means nothing here"))

    def test_other_paths_and_methods(self):
        self.assertEqual(self.server.ask("GET", "/v1/nothing")[1]["error"]["code"], "not_found")
        self.assertEqual(self.server.ask("GET", "/v1/chat/completions")[1]["error"]["code"], "method_not_allowed")
        self.assertEqual(self.server.ask("GET", "/../../etc/passwd")[0], 404)
        self.assertEqual(self.server.ask("GET", "/v1/fine_tuning/jobs")[0], 404)

    def test_more_connections_than_there_may_be_are_refused_clearly(self):
        held, refused = [], 0
        try:
            for _ in range(120):
                held.append(self.server.socket())
            for s in held:
                s.settimeout(0.2)
                try:
                    refused += b" 503 " in s.recv(65536)
                except (TimeoutError, OSError):
                    pass
        finally:
            for s in held:
                s.close()
        self.assertGreaterEqual(refused, 70)
        self.assertTrue(eventually(lambda: self.server.ask("GET", "/health")[0] == 200))

    def test_pages_of_others_may_not_ask(self):
        self.assertEqual(self.server.ask("GET", "/v1/models", headers={"Origin": "https://evil.example"})[1]["error"]["code"], "origin_not_allowed")
        self.assertEqual(self.server.ask("GET", "/v1/models", headers={"Host": "evil.example"})[1]["error"]["code"], "host_not_allowed")
        status, _ = self.server.ask("GET", "/v1/models", headers={"Origin": f"http://127.0.0.1:{self.server.port}"})
        self.assertEqual(status, 200)  # its own page
        self.assertNotIn("Access-Control-Allow-Origin", self.server.last_headers)

    def test_several_requests_on_one_connection(self):
        connection = self.server.connect()
        for _ in range(3):
            connection.request("GET", "/health")
            self.assertEqual(json.loads(connection.getresponse().read())["status"], "ok")
        connection.close()


class Keys(WithServer):
    def test_a_key_is_asked_for(self):
        server = self.start("--api-key", "secret", "--cors", "https://app.example")
        for header in ({}, {"Authorization": "Bearer secre"}, {"Authorization": "Bearer secretsecret"}, {"Authorization": "secret"}):
            status, answer = server.ask("GET", "/v1/models", headers=header)
            self.assertEqual((status, answer["error"]["code"]), (401, "invalid_api_key"))
        self.assertEqual(server.ask("GET", "/v1/models", headers={"Authorization": "Bearer secret"})[0], 200)
        self.assertEqual(server.ask("GET", "/health")[0], 200)
        origin = {"Origin": "https://app.example", "Authorization": "Bearer secret"}
        server.ask("GET", "/v1/models", headers=origin)
        self.assertEqual(server.last_headers["Access-Control-Allow-Origin"], "https://app.example")
        status, _ = server.ask("OPTIONS", "/v1/chat/completions", headers={"Origin": "https://app.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual(status, 204)
        self.assertIn("Authorization", server.last_headers["Access-Control-Allow-Headers"])

    def test_bearer_is_written_as_one_likes(self):
        server = self.start("--api-key", "secret")
        self.assertEqual(server.ask("GET", "/v1/models", headers={"Authorization": "bearer secret"})[0], 200)

    def test_an_empty_key_is_none(self):
        self.fails(2, "--api-key is empty", "serve", self.model, "--api-key", "")
        code, _, err = program.tritium("serve", self.model, environment={"TRITIUM_API_KEY": ""})
        self.assertEqual(code, 2)
        self.assertIn("TRITIUM_API_KEY is empty", err)

    def test_a_key_that_no_request_could_have_is_refused(self):
        for key in ("two\nlines", "two\r\nlines\r\n", " before", "behind ", "\x7f"):
            self.fails(2, "no request could have this key", "serve", self.model, "--api-key-file", self.write("key.txt", key))
        self.fails(2, "--api-key: no request could have", "serve", self.model, "--api-key", "a\nb")
        self.fails(2, "excludes", "serve", self.model, "--api-key", "a", "--api-key-file", self.write("key.txt", "b"))

    def test_a_key_may_have_any_other_character(self):
        key = "a b:\"'%*~"
        server = self.start("--api-key-file", self.write("key.txt", key + "\n"))
        self.assertEqual(server.ask("GET", "/v1/models", headers={"Authorization": "Bearer " + key})[0], 200)

    def test_who_listens_for_others_without_a_key_is_warned(self):
        self.assertIn("without a key", "".join(self.start("--host", "0.0.0.0").log))
        self.assertNotIn("without a key", "".join(self.start("--host", "0.0.0.0", "--api-key", "a").log + self.start().log))

    def test_pages_may_send_what_their_client_sends_and_read_every_error(self):
        server = self.start("--cors", "https://app.example")
        asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-stainless-os"}
        server.ask("OPTIONS", "/v1/chat/completions", headers=asked)
        self.assertEqual(server.last_headers["Access-Control-Allow-Headers"], "authorization,x-stainless-os")
        origin = {"Origin": "https://app.example"}
        for path, status, headers in (("/v1/completions", 413, {"Content-Length": "100000000"}), ("/health", 431, {"Cookie": "x" * 9000})):
            self.assertEqual(server.ask("POST", path, headers=dict(origin, **headers))[0], status)
            self.assertEqual(server.last_headers.get("Access-Control-Allow-Origin"), "https://app.example")
        self.fails(2, "--cors", "serve", self.model, "--cors", "foo")

    def test_the_key_may_come_by_the_environment(self):
        server = self.start(environment={"TRITIUM_API_KEY": "other"})
        self.assertEqual(server.ask("GET", "/v1/models")[0], 401)
        self.assertEqual(server.ask("GET", "/v1/models", headers={"Authorization": "Bearer other"})[0], 200)


class Lifetime(WithServer):
    def test_sigterm_lets_answers_end(self):
        server = self.start()
        got = []
        thread = threading.Thread(target=lambda: got.append(server.post("/v1/chat/completions", **LONG)))
        thread.start()
        self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["requests"]["active"] > 0))
        self.assertEqual(server.stop(), 0)
        thread.join()
        self.assertEqual(got[0][0], 200)
        self.assertEqual(len(got[0][1]["choices"]), LONG["n"])
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)

    def test_what_takes_too_long_to_stop_is_cut(self):
        server = self.start("--stop-timeout", 0)
        connection = server.connect()
        connection.request("POST", "/v1/chat/completions", json.dumps(dict(LONG, stream=True)))
        answer = connection.getresponse()
        answer.readline()
        self.assertEqual(server.stop(signal.SIGINT), 0)
        connection.close()

    def test_who_was_cut_is_told(self):
        server = self.start("--stop-timeout", 1, "--parallel", 4, "--backend", "reference")
        body = {"prompt": [5], "max_tokens": 480, "n": 16, "logit_bias": {"2": -100}}
        got = {}

        def ask(stream):
            got[stream] = server.ask("POST", "/v1/completions", dict(body, stream=stream))
        threads = [threading.Thread(target=ask, args=(stream,)) for stream in (False, True)]
        busy = [threading.Thread(target=lambda: server.ask("POST", "/v1/completions", body)) for _ in range(12)]
        for thread in threads + busy:
            thread.start()
        self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["requests"]["queued"] > 100))
        self.assertEqual(server.stop(), 0)
        for thread in threads + busy:
            thread.join()
        self.assertEqual((got[False][0], got[False][1]["error"]["code"]), (503, "stopping"))
        if got[True][0] == 200:  # it had begun
            self.assertEqual(json.loads(got[True][1].strip().splitlines()[-1][6:])["error"]["code"], "stopping")
        else:
            self.assertEqual(got[True][0], 503)

    def test_nobody_who_only_waits_holds_up_the_end(self):
        server = self.start("--stop-timeout", 1000)
        with server.socket() as half, server.socket():
            half.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: loc")
            self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["connections"] >= 3))
            self.assertEqual(server.stop(timeout=60), 0)

    def test_a_parked_model_whose_file_is_gone_is_unavailable(self):
        copy = self.path("copy.gguf")
        shutil.copy(self.model, copy)
        server = self.start("--park-after", 1, models=[f"copy={copy}"])
        self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["models"][0]["parked"]))
        os.remove(copy)
        for status, answer in (server.chat("hi"), server.post("/v1/embeddings", input="a")):
            self.assertEqual((status, answer["error"]["type"]), (503, "server_error"), answer)

    def test_an_answer_has_its_time(self):
        server = self.start("--request-timeout", 1, "--context", 512)
        status, answer = server.post("/v1/completions", prompt="a", max_tokens=500, temperature=1, logit_bias={"2": -100}, n=16)
        self.assertIn(status, (200, 504))  # a fast machine is done by then
        if status == 504:
            self.assertEqual(answer["error"]["code"], "timeout")

    def test_an_idle_model_is_parked_and_wakes(self):
        server = self.start("--park-after", 1)
        first = server.chat("hi")[1]["choices"][0]["message"]["content"]
        self.assertTrue(eventually(lambda: server.ask("GET", "/health")[1]["models"][0]["parked"]))
        server.ask("GET", "/metrics"), server.ask("GET", "/v1/models"), server.post("/tokenize", content="a")
        self.assertTrue(server.ask("GET", "/health")[1]["models"][0]["parked"])
        _, again = server.chat("hi")
        self.assertEqual(again["choices"][0]["message"]["content"], first)

    def test_wrong_words_are_said_before_anything_is_loaded(self):
        self.fails(2, "--jobs and --files", "serve", self.model, "--jobs", self.path("jobs"))
        self.fails(2, "NAME=FILE", "serve", self.model, "--adapter", "x")
        self.fails(2, 'MODEL "small=": say NAME=MODEL', "serve", "small=")
        code, _, err = program.tritium("serve", f"a={self.model}", f"a={self.model}", "--backend", "cpu", "--port", "0")
        self.assertEqual(code, 2, err)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            code, _, err = program.tritium("serve", self.model, "--backend", "cpu", "--port", taken.getsockname()[1])
        self.assertEqual(code, 1, err)
        self.assertIn("cannot listen there", err)
        self.assertIn("take another --port", err)


if __name__ == "__main__":
    program.main()
