// From the command to the first answer, beside the app's own boot.
import { spawn } from "node:child_process";
import { freePort, helloApp, startDev, untilAnswered } from "./lib/programs.mjs";
import { ms, percentile, report } from "./lib/report.mjs";

const rounds = 10;
const samples = { "app alone": [], "anylambda dev": [] };

for (let round = 0; round < rounds; round++) {
  const port = await freePort();
  let begin = performance.now();
  const child = spawn(process.execPath, [helloApp], { env: { ...process.env, PORT: String(port) } });
  await untilAnswered(`http://127.0.0.1:${port}/`);
  samples["app alone"].push(performance.now() - begin);
  child.kill();

  begin = performance.now();
  const dev = await startDev(["node", helloApp], ["--adapter", "native"]);
  await untilAnswered(dev.url);
  samples["anylambda dev"].push(performance.now() - begin);
  await dev.stop();
}

const floor = percentile(samples["app alone"], 0.5);
report(
  "start",
  `From the start of the command to the first answer, ${rounds} times in turn.`,
  ["subject", "median", "worst", "median beyond the app alone"],
  Object.entries(samples).map(([name, own]) => {
    const median = percentile(own, 0.5);
    return [name, ms(median), ms(Math.max(...own)), ms(median - floor)];
  }),
  samples,
);
