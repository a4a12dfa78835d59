"""tritium serve: fine-tuning over HTTP, watched, cancelled, and gone on with after the process was killed."""
import json
import os
import signal
import time

import program
from running_server import WithServer


class Jobs(WithServer):
    @classmethod
    def setUpClass(cls):
        super(WithServer, cls).setUpClass()
        cls.model = cls.train()
        os.makedirs(cls.path("texts/more"))
        lines = [{"messages": [{"role": "user", "content": "ping"}, {"role": "assistant", "content": "PANG"}]}] * 40
        cls.write("texts/more/chat.jsonl", "\n".join(map(json.dumps, lines)))
        cls.write("secret.txt", "not yours " * 100)
        os.symlink(cls.path("secret.txt"), cls.path("texts/link.txt"))
        cls.server = cls.start_jobs()

    @classmethod
    def start_jobs(cls, folder="jobs"):
        return cls.start("--files", cls.path("texts"), "--jobs", cls.path(folder))

    def create(self, server=None, **body):
        options = {"model": "small", "training_file": "more/chat.jsonl", "seed": 1}
        return (server or self.server).post("/v1/fine_tuning/jobs", **dict(options, **body))

    def wait_for(self, server, job, statuses, seconds=240):
        for _ in range(seconds * 5):
            _, now = server.ask("GET", f"/v1/fine_tuning/jobs/{job}")
            if now["status"] in statuses:
                return now
            time.sleep(0.2)
        self.fail(f"the job stays {now}")

    def test_a_job_becomes_a_model(self):
        server = self.start_jobs("first")
        status, job = self.create(server, suffix="loud", hyperparameters={"batch_size": 4, "n_epochs": 1}, tritium={"steps": 60, "learning_rate": 0.02, "context": 64})
        self.assertEqual(status, 200, job)
        self.assertEqual((job["object"], job["status"], job["fine_tuned_model"]), ("fine_tuning.job", "queued", None))
        self.assertNotIn(self.folder, json.dumps(job))
        events, connection = [], server.connect(timeout=240)
        connection.request("GET", f"/v1/fine_tuning/jobs/{job['id']}/events?stream=true")
        for line in connection.getresponse():
            if line.startswith(b"data: {"):
                events.append(json.loads(line[6:]))
        connection.close()
        done = self.wait_for(server, job["id"], ("succeeded", "failed"))
        self.assertEqual((done["status"], done["fine_tuned_model"]), ("succeeded", "small:loud"), done)
        metrics = [e["data"] for e in events if e["type"] == "metrics"]
        self.assertGreater(len(metrics), 2)
        self.assertLess(metrics[-1]["train_loss"], metrics[0]["train_loss"])
        self.assertEqual([e["id"] for e in events], [f"ftevent-{i}" for i in range(len(events))])
        self.assertIn("small:loud", [m["id"] for m in server.ask("GET", "/v1/models")[1]["data"]])
        self.assertEqual(server.chat("ping", model="small:loud")[1]["choices"][0]["message"]["content"], "PANG")
        self.assertEqual(server.chat("ping", model="small")[1]["choices"][0]["message"]["content"], "pong")
        _, page = server.ask("GET", f"/v1/fine_tuning/jobs/{job['id']}/events?limit=2")
        self.assertEqual([e["id"] for e in page["data"]], [e["id"] for e in events[:-3:-1]])
        self.assertTrue(page["has_more"])
        _, older = server.ask("GET", f"/v1/fine_tuning/jobs/{job['id']}/events?limit=2&after={page['data'][-1]['id']}")
        self.assertEqual(older["data"][0]["id"], events[-3]["id"])
        self.assertEqual(self.create(server, suffix="loud")[1]["error"]["param"], "suffix")
        self.fails(2, "another server has its jobs there", "serve", self.model, "--files", self.path("texts"), "--jobs", self.path("first"), "--backend", "cpu", "--port", "0")
        server.stop()
        again = self.start_jobs("first")  # it is served from then on
        self.assertEqual(again.chat("ping", model="small:loud")[1]["choices"][0]["message"]["content"], "PANG")
        again.stop()

    def test_a_job_survives_its_server(self):
        server = self.start_jobs("killed")
        _, job = self.create(server, suffix="long", hyperparameters={"batch_size": 4}, tritium={"steps": 400, "save_every": 20, "log_every": 10, "context": 64})
        for number in (signal.SIGKILL, signal.SIGTERM):
            for _ in range(600):
                now = server.ask("GET", f"/v1/fine_tuning/jobs/{job['id']}")[1]
                if (now["tritium"]["progress"] or {"step": 0})["step"] > 30 or now["status"] == "succeeded":
                    break
                time.sleep(0.05)
            server.stop(number)
            server = self.start_jobs("killed")
        done = self.wait_for(server, job["id"], ("succeeded", "failed", "cancelled"))
        self.assertEqual(done["status"], "succeeded", done)
        self.assertGreaterEqual(done["tritium"]["resumed"], 1)
        server.stop()

    def test_a_job_is_cancelled(self):
        _, first = self.create(suffix="one", tritium={"minutes": 10})
        _, second = self.create(suffix="two", tritium={"minutes": 10})
        self.wait_for(self.server, first["id"], ("running",))
        self.assertEqual(self.server.ask("GET", "/health")[1]["fine_tuning"]["running"], first["id"])
        _, waiting = self.server.ask("POST", f"/v1/fine_tuning/jobs/{second['id']}/cancel")
        self.assertEqual(waiting["status"], "cancelled")
        self.server.ask("POST", f"/v1/fine_tuning/jobs/{first['id']}/cancel")
        self.assertIsNone(self.wait_for(self.server, first["id"], ("cancelled",))["fine_tuned_model"])
        self.assertEqual(self.server.ask("POST", f"/v1/fine_tuning/jobs/{first['id']}/cancel")[0], 400)
        listed = self.server.ask("GET", "/v1/fine_tuning/jobs?limit=1")[1]
        self.assertEqual((listed["data"][0]["id"], listed["has_more"]), (second["id"], True))

    def test_a_suffix_is_one_job_s(self):
        _, first = self.create(suffix="twin", tritium={"minutes": 10})
        status, answer = self.create(suffix="twin")
        self.assertEqual((status, answer["error"]["param"]), (409, "suffix"))
        self.server.ask("POST", f"/v1/fine_tuning/jobs/{first['id']}/cancel")
        self.wait_for(self.server, first["id"], ("cancelled",))
        status, again = self.create(suffix="twin", tritium={"minutes": 10})
        self.assertEqual(status, 200)
        self.server.ask("POST", f"/v1/fine_tuning/jobs/{again['id']}/cancel")

    def test_values_are_looked_at_at_once(self):
        for option, value in (("learning_rate", -1), ("context", 10**12), ("batch", 0)):
            status, answer = self.create(tritium={option: value})
            self.assertEqual((status, answer["error"]["param"]), (400, f"tritium.{option}"), answer)

    def test_an_odd_job_is_left_out(self):
        for i, text in enumerate(('{"shown":{},"hidden":{}}', '{"shown":5,"hidden":5}', '{"shown":{"id":"odd-2","status":"queued"},"hidden":{}}', "", "[]")):
            os.makedirs(self.path(f"odd/odd-{i}"))
            self.write(f"odd/odd-{i}/job.json", text)
        server = self.start_jobs("odd")
        self.assertEqual(server.ask("GET", "/v1/fine_tuning/jobs")[1]["data"], [])
        for i in range(5):
            self.assertIn(f"odd-{i}/job.json: is no job", "".join(server.log))
        self.assertEqual(server.stop(), 0)

    def test_a_line_that_was_cut_off_takes_no_other_with_it(self):
        server = self.start_jobs("torn")
        _, job = self.create(server, tritium={"minutes": 10})
        self.wait_for(server, job["id"], ("running",))
        server.stop()
        with open(self.path(f"torn/{job['id']}/events.jsonl"), "a", encoding="utf-8") as events:
            events.write('{"id": "ftev')
        for _ in range(2):
            server = self.start_jobs("torn")
            self.wait_for(server, job["id"], ("running",))
            server.stop()
        with open(self.path(f"torn/{job['id']}/events.jsonl"), encoding="utf-8") as events:
            ids = [json.loads(line)["id"] for line in events if line.endswith("}\n")]
        self.assertEqual(ids, [f"ftevent-{i}" for i in range(len(ids))])

    def test_a_job_that_cannot_be_saved_is_none(self):
        server = self.start_jobs("full")
        os.rename(self.path("full"), self.path("moved"))
        self.write("full", "no folder")
        status, answer = self.create(server)
        self.assertEqual((status, answer["error"]["code"]), (507, "not_saved"), answer)
        self.assertEqual(server.ask("GET", "/v1/fine_tuning/jobs")[1]["data"], [])
        server.stop()

    def test_a_folder_that_cannot_be_written_is_said_at_once(self):
        os.makedirs(self.path("odd-lock/lock"))  # in the lock's place, which not even root can write to
        self.fails(1, "odd-lock/lock: cannot be opened for writing", "serve", self.model, "--files", self.path("texts"), "--jobs", self.path("odd-lock"),
                   "--backend", "cpu", "--port", "0")

    def test_no_path_leaves_the_folder(self):
        for name in ("../secret.txt", "/etc/passwd", "link.txt", "more/../../secret.txt", "", "more", "a\0b", "nothing.txt"):
            status, answer = self.create(training_file=name)
            self.assertEqual((status, answer["error"]["param"]), (400, "training_file"), name)
        for option in ("output", "folder", "data", "teacher", "model", "text"):
            status, answer = self.create(tritium={option: "x"})
            self.assertEqual((status, answer["error"]["param"]), (400, f"tritium.{option}"))
        self.assertEqual(self.create(tritium={"chat_template": "/etc/passwd"})[0], 400)
        self.assertEqual(self.create(tritium={"lerning_rate": 1})[1]["error"]["param"], "tritium")
        _, files = self.server.ask("GET", "/v1/files")
        self.assertIn("more/chat.jsonl", [f["id"] for f in files["data"]])
        self.assertEqual(self.server.ask("GET", "/v1/fine_tuning/jobs/ftjob-0/events")[0], 404)

    def test_a_file_that_is_no_text_fails_the_job(self):
        self.write("texts/noise.jsonl", b"{\"messages\": 1}\n")
        _, job = self.create(training_file="noise.jsonl")
        failed = self.wait_for(self.server, job["id"], ("failed", "succeeded"))
        self.assertEqual(failed["status"], "failed")
        self.assertIn("noise.jsonl", failed["error"]["message"])
        events = self.server.ask("GET", f"/v1/fine_tuning/jobs/{job['id']}/events")[1]
        self.assertNotIn(self.folder, json.dumps([failed, events]))


if __name__ == "__main__":
    program.main()
