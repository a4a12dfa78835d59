"""What Jinja2, set up as transformers does, makes of templates.py and chat_templates.py.

make_cases.py FILE          writes cases.json
make_cases.py --check FILE  exit code 1: it would be another file; 77: Jinja2 is not here
"""
import datetime
import json
import pathlib
import sys

NOW = datetime.datetime(2026, 11, 26, 9, 5, 7)

try:
    import jinja2
    import jinja2.ext
    import jinja2.sandbox
except ImportError:
    print("needs Python's jinja2 (Debian: python3-jinja2)")
    sys.exit(77)

import chat_templates
import templates


class Generation(jinja2.ext.Extension):
    """{% generation %} passes its body through."""
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.Scope(body, lineno=line)


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def result(env, template, context):
    try:
        return {"text": env.from_string(template).render(**context)}
    except Exception as problem:  # of any kind: whoever wrote the template could have made it
        raised = isinstance(problem, jinja2.exceptions.TemplateError) and type(problem) is jinja2.exceptions.TemplateError
        return {"error": str(problem) if raised else ""}


def cases():
    """Contexts once, and for each template what becomes of it with which of them."""
    env = environment()
    contexts = [templates.CONTEXT]
    groups = [{"template": t, "runs": [{"context": 0, **result(env, t, templates.CONTEXT)}]}
              for t in ["{{ " + e + " }}" for e in templates.EXPRESSIONS] + templates.BLOCKS]
    for template, some in chat_templates.runs():
        groups.append({"template": template, "runs": []})
        for context in some:
            if context not in contexts:
                contexts.append(context)
            groups[-1]["runs"].append({"context": contexts.index(context), **result(env, template, context)})
    return {"now": NOW.isoformat(), "contexts": contexts, "groups": groups}


def main():
    text = json.dumps(cases(), indent=0, ensure_ascii=True) + "\n"
    path = pathlib.Path(sys.argv[-1])
    if "--check" not in sys.argv:
        path.write_text(text, encoding="utf-8")
        return 0
    if path.read_text(encoding="utf-8") == text:
        return 0
    print(f"{path} is not what Jinja2 {jinja2.__version__} says: make it anew with {__file__}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
