import {load, train, trainPlan} from 'tritium';

const config = {model: 'model.gguf', data: ['book.txt'], steps: 4, context: 32, batch: 2, output: 'tuned.gguf'};
console.log(`${Math.round((await trainPlan(config)).memoryBytes / 1e6)} MB`);
const report = await train(config, {
  progress: ({step, steps, trainLoss}) => console.log(`step ${step} of ${steps}: ${trainLoss.toFixed(2)} nats a token`),
});
console.log(`held-out loss ${report.firstValidLoss.toFixed(2)} -> ${report.validLoss.toFixed(2)}`);
const session = await (await load('tuned.gguf')).createSession();
console.log(await session.generate('Once', {maxTokens: 20}).text());
