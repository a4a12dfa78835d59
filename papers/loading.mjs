// llama.cpp on one model: loads it, evaluates a prompt, decodes. node loading.mjs FOLDER MODEL THREADS PROMPT DECODED;
// FOLDER holds node_modules. stdout: {"load", "prompt", "decode": seconds, "rss": bytes at most}.
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const [folder, modelPath, threads, promptLength, decoded] = process.argv.slice(2);
const require = createRequire(folder + "/");
const {getLlama, LlamaLogLevel} = await import(pathToFileURL(require.resolve("node-llama-cpp")));
const seconds = () => performance.now() / 1000;

const llama = await getLlama({gpu: false, build: "never", logLevel: LlamaLogLevel.error, maxThreads: Number(threads)});
let begin = seconds();
const model = await llama.loadModel({modelPath, gpuLayers: 0});
const load = seconds() - begin;
const context = await model.createContext({contextSize: 1024, batchSize: 512, threads: Number(threads)});
const prompt = Array.from({length: Number(promptLength)}, (_, i) => 1000 + i);
begin = seconds();
let first = 0, n = 0;
for await (const token of context.getSequence().evaluate(prompt, {temperature: 0, yieldEogToken: true})) {
  if (n === 0) first = seconds();
  if (n++ === Number(decoded)) break;
}
const rate = (n - 1) / (seconds() - first);
console.log(JSON.stringify({load, prompt: first - begin, decode: rate, rss: process.resourceUsage().maxRSS * 1024}));
process.exit(0);
