// What llama.cpp predicts after a text. stdin: [{"model": FILE, "lora": FILE?, "text": …}]; stdout: [{"tokens": ids of the
// text, "probabilities": of every token of the vocabulary}] or {"error": …}. Argument: the folder that holds node_modules.
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const require = createRequire(process.argv[2] + "/");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(require.resolve("node-llama-cpp")));
const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: 2});

async function predict({model: modelPath, lora, text}) {
  const model = await llama.loadModel({modelPath, gpuLayers: 0});
  const adapters = lora ? {lora: {adapters: [{filePath: lora, scale: 1}]}} : {};
  const context = await model.createContext({contextSize: 256, ...adapters});
  const tokens = model.tokenize(text);
  const everything = {temperature: 1, topK: 0, topP: 1, minP: 0};
  const steps = context.getSequence().evaluateWithMetadata(tokens, {probabilities: true}, everything);
  const byToken = (await steps.next()).value.probabilities;
  const probabilities = new Array(byToken.size).fill(0);
  for (const [token, p] of byToken) probabilities[token] = p;
  await context.dispose();
  await model.dispose();
  return {tokens, probabilities};
}

const predictions = [];
for (const job of JSON.parse(readFileSync(0, "utf8"))) {
  predictions.push(await predict(job).catch((error) => ({error: String(error)})));
}
process.stdout.write(JSON.stringify(predictions), () => process.exit(0));
