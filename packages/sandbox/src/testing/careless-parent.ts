/** A program that starts a process as the sandbox does and exits by an error, without a thought for it. */
import { tmpdir } from "node:os";
import { launch } from "../processes.ts";

await launch({
  program: { file: process.execPath, args: ["-e", "console.log(process.pid);setInterval(()=>{},1000)"] },
  directory: tmpdir(),
  variables: {},
  line: (_, line) => {
    process.stdout.write(`${line}\n`, () => process.exit(3));
  },
});
