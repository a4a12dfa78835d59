import tritium

LINES = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
model = tritium.load("model.gguf")
session = model.create_session()
messages = [{"role": "system", "content": "Be brief."}]
for question in ("What is 1 + 1?", "And twice that?"):
    messages.append({"role": "user", "content": question})
    chat = model.format_chat(messages, chat_template=None if model.has_chat_template else LINES)
    session.rewind()
    answer = ""
    for token in session.generate(chat.tokens, max_tokens=60, stop=["\nuser:"]):
        print(token, end="", flush=True)
        answer += token.text
    print()
    messages.append({"role": "assistant", "content": answer})
