"""Chat templates built as those of known families are (families/), with conversations for each."""
import pathlib

TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather of a \"city\" <now>", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "its name"}, "unit": {"type": "string", "enum": ["C", "F"], "nullable": True},
                                     "days": {"type": ["integer", "null"]}}, "required": ["city"]}, "return": {"type": "number"}}}]
CALL = {"role": "assistant", "content": "", "tool_calls": [{"id": "abcdefgh1", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 2}}}]}
CHATS = {
    "plain": [{"role": "user", "content": " Hi "}],
    "system": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}, {"role": "user", "content": "é?"}],
    "thinking": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "<think>\nr1\n</think>\n\na1", "reasoning_content": None}, {"role": "user", "content": "q2"},
                 {"role": "assistant", "content": "a2", "reasoning_content": "r2"}],
    "tools": [{"role": "system", "content": "Use tools."}, {"role": "user", "content": "Weather?"}, CALL,
              {"role": "tool", "name": "get_weather", "tool_call_id": "abcdefgh1", "content": "{\"t\": 3}"}, {"role": "assistant", "content": "3 degrees."}, {"role": "user", "content": "Thanks"}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]}],
    "two users": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
}


def runs():
    """Each template with the contexts to render it with: every conversation."""
    for path in sorted((pathlib.Path(__file__).parent / "families").glob("*.jinja")):
        with open(path, encoding="utf-8", newline="") as file:
            template = file.read()
        contexts = []
        for chat, messages in CHATS.items():
            for more in ({}, {"add_generation_prompt": False}, {"enable_thinking": False}):
                if not set(more) - {"add_generation_prompt"} or any(name in template for name in more):
                    tools = {"tools": TOOLS} if chat == "tools" else {}
                    contexts.append({"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": True, "messages": messages, **tools, **more})
        yield template, contexts
