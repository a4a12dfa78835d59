"""chat, and run --chat: on a model that was trained to answer, over a terminal and over pipes."""
import itertools
import json
import subprocess

import program
from program import InFolder, tritium
from terminal import Terminal

PAIRS = {"ping": "pong", "red": "<think>col</think>green", "hi": "hello"}
SHAPE = {"architecture": "llama", "dim": 48, "layers": 2, "heads": 3, "kv_heads": 3, "head_dim": 16, "ffn": 96, "context": 512}
# As "lines", with the marks of thoughts.
TEMPLATE = ("{# <think> </think> #}{% for m in messages %}{{ m.role }}:{% if m.role == 'assistant' %}{% generation %}{{ ' ' + m.content + eos_token }}"
            "{% endgeneration %}{{ '\\n' if not loop.last }}{% else %}{{ ' ' + m.content + '\\n' }}{% endif %}{% endfor %}"
            "{% if add_generation_prompt %}{{ '\\n' if messages and messages[-1].role == 'assistant' }}assistant:{% endif %}")
CHAT = ("--temp", "0", "--backend", "cpu", "--threads", "1")


class Chat(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        records = []
        for words in itertools.product(PAIRS, repeat=3):
            for system in (None, "Be brief."):
                messages = [{"role": "system", "content": system}] if system else []
                for word in words:
                    messages += [{"role": "user", "content": word}, {"role": "assistant", "content": PAIRS[word]}]
                records.append({"messages": messages})
        data = cls.write("chat.jsonl", "\n".join(map(json.dumps, records)))
        cls.model = cls.path("chat.gguf")
        code, _, err = tritium("train", "--transformer", cls.write("shape.json", json.dumps(SHAPE)), "--data", data, "--valid-data", data, "--chat-template", cls.write("chat.jinja", TEMPLATE),
                               "--mode", "full", "--steps", 300, "--batch", 4, "--context", 128, "--lr", "5e-3", "--eval-every", 300, "--threads", 1, "--backend", "cpu",
                               "-o", cls.model)
        assert code == 0, err

    def chat(self, text, *arguments):
        return tritium("chat", self.model, *CHAT, *arguments, stdin=text.encode())

    def test_a_pipe_gets_the_answers_alone(self):
        self.assertEqual(self.chat("ping\nhi\nping\n"), (0, "pong\nhello\npong\n", ""))
        self.assertEqual(self.chat("ping"), (0, "pong\n", ""))
        self.assertEqual(self.chat("\n\n"), (0, "", ""))
        self.assertEqual(self.chat("red\n", "--think", "hide")[1], "green\n")
        self.assertEqual(self.chat("red\n", "--system", "Be brief.")[1], "colgreen\n")

    def test_a_template_without_marks_of_thoughts_has_none(self):
        lines = self.write("lines.jinja", TEMPLATE.replace("{# <think> </think> #}", ""))
        self.assertEqual(self.chat("red\n", "--template", lines, "--think", "hide")[1], "<think>col</think>green\n")
        self.assertEqual(self.chat("red\n", "--think", "hide", "--stop", "reen")[1], "g\n")

    def test_commands_and_history(self):
        history = self.path("history.json")
        code, out, err = self.chat("/system Be brief.\nping\nred\n/undo\nhi\n/regen\n/nope\n", "--history", history)
        self.assertEqual((code, out), (0, "pong\ncolgreen\nhello\nhello\n"), err)
        self.assertIn("(system: Be brief.)", err)
        self.assertIn("there is no /nope", err)
        with open(history, encoding="utf-8") as file:
            saved = json.load(file)
        expected = [("system", "Be brief."), ("user", "ping"), ("assistant", "pong"), ("user", "hi"), ("assistant", "hello")]
        self.assertEqual([(m["role"], m["content"]) for m in saved], expected)
        code, out, _ = self.chat("/regen\n/reset\nred\n", "--history", history)
        self.assertEqual((code, out), (0, "hello\ncolgreen\n"))
        with open(history, encoding="utf-8") as file:
            saved = json.load(file)
        self.assertEqual(saved[-1], {"role": "assistant", "content": "green", "reasoning_content": "col"})
        self.assertEqual(len(saved), 3)

    def test_a_history_that_cannot_be_saved_is_said_before_the_conversation(self):
        code, out, err = self.chat("ping\n", "--history", self.path("none/history.json"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("the conversation could not be saved there: No such file", err)

    def test_what_was_said_is_kept_though_the_program_is_killed(self):
        history = self.path("killed.json")
        with subprocess.Popen([program.PROGRAM, "chat", self.model, *CHAT, "--history", history], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as chat:
            chat.stdin.write(b"ping\n")
            chat.stdin.flush()
            self.assertEqual(chat.stdout.readline(), b"pong\n")
            chat.stdin.write(b"/undo\nhi\nred\n")
            chat.stdin.flush()
            self.assertEqual(chat.stdout.readline(), b"hello\n")
            self.assertIn(b"green", chat.stdout.readline())  # after the answer before it was saved
            chat.kill()
        with open(history, encoding="utf-8") as file:
            self.assertEqual([m["content"] for m in json.load(file)][:2], ["hi", "hello"])

    def test_an_input_that_cannot_be_read_is_no_end(self):
        with open(self.path("pipe"), "wb") as file:
            done = subprocess.run([program.PROGRAM, "chat", self.model, *CHAT], stdin=file, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertIn(b"standard input: ", done.stderr)

    def test_messages_of_several_lines(self):
        saved = self.path("saved.json")
        code, _, err = self.chat(f'"""a\nb"""\nc\\\nd\n//e\n/save {saved}\n/reset\n/load {saved}\n')
        self.assertEqual(code, 0, err)
        with open(saved, encoding="utf-8") as file:
            self.assertEqual([m["content"] for m in json.load(file) if m["role"] == "user"], ["a\nb", "c\nd", "/e"])
        self.assertIn("(6 messages)", err)

    def test_the_oldest_turns_are_left_out(self):
        code, out, err = self.chat("ping\n" * 8, "--context", "96")
        self.assertEqual((code, out), (0, "pong\n" * 8), err)
        self.assertIn("messages are left out from here on", err)
        code, out, err = self.chat("a" * 200 + "\nping\n", "--context", "96")
        self.assertEqual((code, out), (1, "pong\n"))
        self.assertIn("the context holds 96", err)

    def test_users_make_no_control_tokens(self):
        self.assertEqual(self.chat("ping</s>\n", "-n", "1")[0], 0)
        for text in ("ping", "</s>"):
            code, out, err = tritium("run", self.model, "--chat", "-p", text, "-n", 1, "--temp", 0, "--json")
            self.assertEqual(code, 0, err)
            self.assertEqual(json.loads(out)["prompt_tokens"], len(f"user: {text}\nassistant:"))

    def test_run_with_a_template(self):
        code, out, err = tritium("run", self.model, "--chat", "-p", "ping", "--system", "Be brief.", *CHAT)
        self.assertEqual((code, out.strip()), (0, "pong"), err)
        self.assertIn("end_of_text", err)
        code, out, _ = tritium("chat-format", self.model, "--messages", self.write("m.json", '[{"role": "user", "content": "ping"}]'))
        self.assertEqual((code, out), (0, "user: ping\nassistant:"))

    def test_a_model_without_a_template(self):
        plain = self.path("plain.gguf")
        subprocess.run([program.MAKE_MODEL, plain], check=True)
        code, out, err = tritium("chat", plain, stdin=b"hi\n")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no chat template", err)
        self.assertIn("--template FILE", err)
        template = self.write("t.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}")
        code, _, err = tritium("chat", plain, "--template", template, "-n", 3, stdin=b"hi\n")
        self.assertEqual(code, 0, err)

    def test_a_message_in_another_encoding_is_called_that(self):
        code, _, err = tritium("chat", self.model, *CHAT, stdin="größer\n".encode("latin-1"))
        self.assertEqual(code, 1)
        self.assertIn("messages[0].content: is not UTF-8", err)

    def on_a_terminal(self, *arguments):
        terminal = Terminal(program.PROGRAM, "chat", self.model, *CHAT, *arguments)
        terminal.wait_for("> ")
        return terminal

    def test_a_terminal(self):
        history = self.path("terminal.json")
        terminal = self.on_a_terminal("--history", history)
        terminal.type("ping\r")
        self.assertIn("pong\n\x1b[2m[", terminal.wait_for("tokens/s"))
        terminal.wait_for("> ")
        terminal.type("red\r")
        self.assertIn("\x1b[2mcol\x1b[0m\ngreen\n", terminal.wait_for("tokens/s"))
        terminal.wait_for("> ")
        terminal.type('"""hi\r')
        terminal.wait_for("... ")
        terminal.type('"""\r')
        terminal.wait_for("hello")
        terminal.wait_for("> ")
        terminal.type("/help\r")
        terminal.wait_for("/undo")
        terminal.wait_for("> ")
        terminal.type("\x04")
        self.assertEqual(terminal.wait(), 0)
        with open(history, encoding="utf-8") as file:
            self.assertEqual([m["content"] for m in json.load(file)], ["ping", "pong", "red", "green", "hi", "hello"])

    def test_after_a_context_that_slid_the_next_answer_is_as_in_a_new_conversation(self):
        long = self.path("slides.gguf")
        subprocess.run([program.MAKE_MODEL, long], check=True)
        template = self.write("plain.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}")
        arguments = ("chat", long, "--template", template, "--temp", 0, "--repeat-penalty", 1.3, "-n", 100, "--context", 40, "--backend", "cpu")
        slide = (*arguments, "--context-full", "slide")
        once, twice = (tritium(*slide, stdin=text) for text in (b"go on with this\n", b"go on with this\n/regen\n"))
        self.assertEqual(once[0], 0, once[2])
        self.assertGreater(len(once[1]), 60)
        self.assertEqual(twice[1], once[1] + once[1])
        self.assertIn("the context is full", tritium(*arguments, stdin=b"go on with this\n")[2])

    def test_control_c_stops_the_answer_and_not_the_program(self):
        long = self.path("long.gguf")
        subprocess.run([program.MAKE_MODEL, long], check=True)
        template = self.write("t.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}")
        terminal = Terminal(program.PROGRAM, "chat", long, "--template", template, "--backend", "reference", "-n", "100000",
                            "--seed", "0")
        terminal.wait_for("> ")
        terminal.type("go\r")
        terminal.wait_for("go\n")
        terminal.read(0.5)
        terminal.type("\x03")
        terminal.wait_for("> ")
        terminal.type("\x03")
        terminal.wait_for("Ctrl-C again")
        terminal.wait_for("> ")
        terminal.type("\x03")
        self.assertEqual(terminal.wait(), 0)


program.main()
