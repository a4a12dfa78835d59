import {load} from 'tritium';

const LINES = '{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:';
const model = await load('model.gguf');
const session = await model.createSession();
const messages = [{role: 'system', content: 'Be brief.'}];
for (const question of ['What is 1 + 1?', 'And twice that?']) {
  messages.push({role: 'user', content: question});
  const {tokens} = await model.formatChat(messages, {chatTemplate: model.hasChatTemplate ? undefined : LINES});
  await session.rewind();
  let answer = '';
  for await (const token of session.generate(tokens, {maxTokens: 60, stop: ['\nuser:']})) {
    process.stdout.write(token.text);
    answer += token.text;
  }
  console.log();
  messages.push({role: 'assistant', content: answer});
}
