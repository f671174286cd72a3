// Runs the promise vectors compiled to WebAssembly and compares them, byte for byte, with the file
// that the native test compares with. Usage: node tests/wasm/run.mjs vectors.wasm expected.txt
import { readFile } from "node:fs/promises";

const [wasmPath, expectedPath] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(await readFile(wasmPath), {});
const { memory, report_start, report_bytes } = instance.exports;
const start = report_start();
const said = Buffer.from(memory.buffer, start, report_bytes());
const expected = await readFile(expectedPath);
if (!said.equals(expected)) {
  const lines = (bytes) => bytes.toString("utf8").split("\n");
  const wanted = lines(expected);
  lines(said).forEach((line, at) => {
    if (line !== wanted[at]) console.error(`line ${at + 1}\n  WebAssembly: ${line}\n  expected:    ${wanted[at]}`);
  });
  process.exit(1);
}
console.log(`the vectors give the same ${said.length} bytes in WebAssembly as natively`);
