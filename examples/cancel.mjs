import {load} from 'tritium';

const session = await (await load('model.gguf')).createSession();
const signal = AbortSignal.timeout(500);
const generation = session.generate('Once upon a time', {maxTokens: 500, ignoreEnd: true, signal});
let written = 0, stop = 'cancelled';
try {
  for await (const token of generation) {
    process.stdout.write(token.text);
    ++written;
  }
  ({stop} = await generation.result());
} catch (error) {  // within the prompt, or later
  if (error !== signal.reason) throw error;
}
console.log(`\nafter ${written} tokens: ${stop}`);
