import {load, train} from 'tritium';

const config = {
  model: 'model.gguf', data: ['book.txt'], steps: 4, context: 32, batch: 2, attention: 'lora', feed_forward: 'lora',
  embedding: 'frozen', head: 'frozen', norms: 'frozen', routers: 'frozen', export_type: 'adapter', output: 'adapter.gguf'};
const model = await load('model.gguf');
const session = await model.createSession();
console.log(await session.generate('Once', {maxTokens: 20}).text());
const report = await train(config);  // the model stays as it is
console.log(`held-out loss ${report.firstValidLoss.toFixed(2)} -> ${report.validLoss.toFixed(2)}`);
await session.attach(await model.loadAdapter('adapter.gguf'), 0.8);
await session.rewind();
console.log(await session.generate('Once', {maxTokens: 20}).text());
