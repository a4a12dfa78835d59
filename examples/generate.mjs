import {load} from 'tritium';

const model = await load('model.gguf');
const session = await model.createSession();
const generation = session.generate('Once upon a time', {maxTokens: 60});
for await (const token of generation) process.stdout.write(token.text);  // leaving the loop stops
console.log(`\n${Math.round((await generation.result()).tokensPerSecond)} tokens/s`);
