import {load} from 'tritium';

const session = await (await load('model.gguf')).createSession();
const signal = AbortSignal.timeout(500);
const generation = session.generate('Once upon a time', {maxTokens: 500, ignoreEnd: true, signal});
try {
  for await (const token of generation) process.stdout.write(token.text);
} catch (error) {
  if (error !== signal.reason) throw error;
}
const {tokens, stop} = await generation.result();
console.log(`\nafter ${tokens} tokens: ${stop}`);
