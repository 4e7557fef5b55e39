// Runs pieces of JavaScript that come by stdin, as lines of JSON: `{id, source, values}`. They are bodies of async
// functions, and share `kept` with all before them. What they return leaves by stdout.
import { createInterface } from "node:readline";

const sdk = await import(process.argv[2]);
const AsyncFunction = (async () => undefined).constructor;
const kept = {};

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

async function run({ id, source, values }) {
  try {
    const names = { ...sdk, ...values, kept };
    const work = new AsyncFunction(...Object.keys(names), source);
    say({ id, result: (await work(...Object.values(names))) ?? null });
  } catch (error) {
    say({ id, error: error.stack ?? String(error), code: error.code ?? null });
  }
}

for await (const line of createInterface({ input: process.stdin })) void run(JSON.parse(line));
process.exit(0);
