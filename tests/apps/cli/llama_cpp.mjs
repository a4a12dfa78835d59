// What llama.cpp predicts after a text, and after each of the likeliest tokens that follow. stdin: [{"model": FILE, "lora":
// FILE?, "text": … or "tokens": ids, "steps": n?}]; stdout: [{"tokens": ids of the text, "next": the likeliest token after each
// step, "probabilities": of every token of the vocabulary at the first step, "steps": at each}] or {"error": …}. Argument: the
// folder that holds node_modules.
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const require = createRequire(process.argv[2] + "/");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(require.resolve("node-llama-cpp")));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 2});

async function predict({model: modelPath, lora, text, tokens: ids, steps: wanted = 1}) {
  const model = await llama.loadModel({modelPath, gpuLayers: 0});
  const adapters = lora ? {lora: {adapters: [{filePath: lora, scale: 1}]}} : {};
  const context = await model.createContext({contextSize: 256, ...adapters});
  const tokens = ids ?? model.tokenize(text);
  const sequence = context.getSequence();
  // The token that it draws itself is of no interest, but must not be an end that is kept back.
  const options = {temperature: 1, topK: 0, topP: 1, minP: 0, yieldEogToken: true};
  const next = [], steps = [];
  for (let input = tokens; next.length < wanted; input = [next.at(-1)]) {
    const evaluation = sequence.evaluateWithMetadata(input, {probabilities: true}, options);
    const byToken = (await evaluation.next()).value.probabilities;
    await evaluation.return();
    const probabilities = new Array(byToken.size).fill(0);
    for (const [token, p] of byToken) probabilities[token] = p;
    next.push(probabilities.indexOf(Math.max(...probabilities)));
    steps.push(probabilities);
  }
  await context.dispose();
  await model.dispose();
  return {tokens, next, probabilities: steps[0], steps};
}

const predictions = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  predictions.push(await predict(job).catch((error) => ({error: String(error)})));
}
process.stdout.write(JSON.stringify(predictions), () => process.exit(0));
