"""chat-format: what a template makes of messages, alone on stdout."""
import json
import unittest

import program
from program import InFolder, tritium

MESSAGES = [{"role": "user", "content": "Hi <s>"}]
CHATML = "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"


class ChatFormat(InFolder):
    def render(self, template, messages=None, *arguments, stdin=None):
        return tritium("chat-format", "--template", self.write("t.jinja", template), "--messages",
                       self.write("m.json", json.dumps(MESSAGES if messages is None else messages)), *arguments, stdin=stdin)

    def test_the_text_and_nothing_else(self):
        self.assertEqual(self.render(CHATML, None, "--var", 'bos_token="<s>"'), (0, "<s><|user|>Hi <s>\n<|assistant|>", ""))
        self.assertEqual(self.render(CHATML, None, "--no-generation-prompt")[:2], (0, "<|user|>Hi <s>\n"))
        self.assertEqual(self.render("", None)[:2], (0, ""))

    def test_variables_tools_and_time(self):
        template = "{{ x }}{{ y | tojson }}{{ tools | length if tools is defined else '-' }}{{ strftime_now('%d %b %Y %H:%M') }}"
        self.assertEqual(self.render(template, None, "--var", "x=false", "--var", 'y={"b": 1, "a": [2]}', "--now", "2026-11-26T09:05:07")[:2],
                         (0, 'False{"b": 1, "a": [2]}-26 Nov 2026 09:05'))
        tools = self.write("tools.json", "[1, 2]")
        self.assertEqual(self.render("{{ tools | length }}", None, "--tools", tools)[:2], (0, "2"))
        self.assertEqual(self.render("{{ tools }}{{ messages[0].role }}", {"messages": MESSAGES, "tools": [1]})[:2], (0, "[1]user"))

    def test_errors_say_where(self):
        code, out, err = self.render("a\n{{ 1 +")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("template: line 2, column", err)
        code, _, err = self.render("{{ raise_exception('Roles must alternate') }}")
        self.assertEqual(code, 1)
        self.assertIn("Roles must alternate", err)
        for messages, part in (({"a": 1}, 'no "messages"'), ("x", "must be an array"), ([1], "messages[0]")):
            code, _, err = self.render("a", messages)
            self.assertEqual(code, 1)
            self.assertIn(part, err)
        for arguments, part in ((("--var", "x"), "is not NAME=JSON"), (("--var", "x=yes"), "is not NAME=JSON"), (("--now", "noon"), "is no time")):
            code, _, err = self.render("a", None, *arguments)
            self.assertEqual(code, 2, err)
            self.assertIn(part, err)
        code, _, err = tritium("chat-format", "--messages", self.write("m.json", "[]"))
        self.assertEqual(code, 2)
        self.assertIn("--template", err)

    def test_messages_from_a_pipe(self):
        path = self.write("t.jinja", "{{ messages[0].content }}")
        self.assertEqual(tritium("chat-format", "--template", path, "--messages", "-", stdin=json.dumps(MESSAGES).encode())[:2], (0, "Hi <s>"))

    def test_shared_cases(self):
        with open(program.shared("chat_templates", "cases.json"), encoding="utf-8") as file:
            cases = json.load(file)
        for case in cases["cases"]:
            for run in case["runs"]:
                context = dict(run["context"])
                messages, tools = context.pop("messages"), context.pop("tools", None)
                arguments = [a for name, value in context.items() for a in ("--var", f"{name}={json.dumps(value)}")]
                if isinstance(tools, list):
                    arguments += ["--tools", self.write("tools.json", json.dumps(tools))]
                elif tools is not None:
                    arguments += ["--var", f"tools={json.dumps(tools)}"]
                with self.subTest(case["name"]):
                    code, out, err = self.render(case["template"], messages, "--now", cases["now"], *arguments)
                    if "expected" in run:
                        self.assertEqual((code, out), (0, run["expected"]), err)
                    else:
                        self.assertEqual(code, 1)
                        self.assertIn(run["error"], err)


program.main()
