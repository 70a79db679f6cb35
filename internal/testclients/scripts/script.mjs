// What all scripts share: how they talk to the Go test that has started them.
import { createInterface } from "node:readline";

export const config = JSON.parse(process.argv[2]);

const print = (line) => console.log(JSON.stringify(line));

// step says that something was done.
export const step = (name) => print({ step: name });

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

// visit has the person open an address, and returns where the browser ends.
export async function visit(address) {
  print({ visit: String(address) });
  return new URL((await answers.next()).value);
}

// run ends the program, whatever still listens.
export async function run(main) {
  try {
    await main();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
  process.exit(0);
}
