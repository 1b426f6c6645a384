// 1,000 kills at random points: SIGKILL of the app, SIGKILL of the Runtime API, connections broken off on either side,
// while invocations of mixed doors and sizes are under way; half of them one at a time, half four side by side. Every
// invocation is answered or failed, with what it must be; the adapter stays alive, and works as before afterwards.
//   node bench/adapter-kills.mjs [--engine node|native] [--kills N] [--seed N]
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { randomOf } from "./lib/content.mjs";
import { faultOf, mixedInvocations } from "./lib/mixed.mjs";
import { engines, residentMb, root } from "./lib/programs.mjs";
import { mb, report } from "./lib/report.mjs";
import { revivable } from "./lib/revived.mjs";

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: "native" },
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
const engine = engines[values.engine];
if (engine === undefined || !(kills >= 2) || !Number.isSafeInteger(seed)) {
  console.error("Usage: node bench/adapter-kills.mjs [--engine node|native] [--kills N] [--seed N]");
  process.exit(2);
}

/** What an invocation may fail with when the app is killed under it. */
const excused = new Set(["Adapter.AppUnreachable", "Adapter.AppClosedConnection"]);
/** Longest time without a Runtime API, ms: the adapter's patience is a second and more. */
const longestOutageMs = 150;
const stuckMs = 60_000;

const random = randomOf(seed);
const upTo = (n) => random() % n;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
// Two addresses of our own, so that nobody takes a port while its owner is dead.
const host = `127.${1 + (process.pid % 200)}.${(process.pid >> 8) % 256}.1`;

const rounds = [];
for (const concurrency of [1, 4]) rounds.push(await round(concurrency, Math.ceil(kills / 2)));

const all = (field) => rounds.reduce((sum, one) => sum + one[field], 0);
const counts = (name) => {
  const sums = new Map();
  for (const one of rounds) for (const [key, n] of one[name]) sums.set(key, (sums.get(key) ?? 0) + n);
  return [...sums].toSorted(([, a], [, b]) => b - a).map(([key, n]) => `${n} ${key}`);
};
const failures = rounds.flatMap((one) => one.failures);
report(
  `adapter-kills-${values.engine}`,
  `${all("killed")} kills (${counts("kinds").join(", ")}), seed ${seed}: ${all("invoked")} invocations, each answered or ` +
    `failed (${counts("outcomes").join(", ")}), ${failures.length} wrong.`,
  ["side by side", "kills", "invocations", "resident at the end"],
  rounds.map((one) => [one.concurrency, one.killed, one.invoked, mb(one.memory)]),
  rounds.map((one) => ({ ...one, outcomes: [...one.outcomes], kinds: [...one.kinds] })),
);
for (const failure of failures.slice(0, 10)) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);

async function round(concurrency, wanted) {
  const invocationOf = mixedInvocations(random);
  const outcomes = new Map();
  const kinds = new Map();
  const failures = [];
  /** Invocations that nobody has answered, by id. */
  const open = new Map();
  let invoked = 0;
  const state = { isKilling: true, ended: undefined };
  let onAnswer = () => {};
  let log = "";

  const hand = (id) => api.tell({ type: "invoke", id, event: open.get(id).planned.event });
  const api = await revivable(`${root}/bench/apps/mortal-api.mjs`, host, {
    onMessage: (message) => settle(message),
    onBegin: () => setImmediate(resume),
  });
  function resume() {
    api.tell({ type: "mode", isSequential: concurrency === 1 });
    for (const id of open.keys()) hand(id);
  }
  const app = await revivable(`${root}/bench/apps/planned.mjs`, host);

  const child = spawn(engine.file, engine.args, {
    env: {
      AWS_LAMBDA_RUNTIME_API: `${api.address().host}:${api.address().port}`,
      AWS_LAMBDA_FUNCTION_NAME: "kills",
      AWS_LAMBDA_MAX_CONCURRENCY: String(concurrency),
      AWS_LWA_HOST: host,
      AWS_LWA_PORT: String(app.address().port),
      AWS_LWA_INVOKE_MODE: "response_stream",
      AWS_LWA_ENABLE_COMPRESSION: "true",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.setEncoding("utf8").on("data", (text) => (log = (log + text).slice(-4000)));
  child.on("exit", (code, signal) => (state.ended = `the adapter ended with ${signal ?? code}:\n${log}`));

  /** Resolves when it is settled; `undefined` when nobody did in time. */
  function invoke() {
    const id = `kills-${concurrency}-${++invoked}`;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), stuckMs);
      const planned = invocationOf();
      const isExcused = state.isKilling;
      open.set(id, {
        planned,
        resolve: (outcome) => (clearTimeout(timer), resolve({ planned, outcome, isExcused })),
      });
      hand(id);
    });
  }
  function settle(message) {
    if (message.type !== "outcome") return;
    const one = open.get(message.id);
    open.delete(message.id);
    one?.resolve({ ...message, body: Buffer.from(message.body, "base64") });
  }
  function judge(settled, id) {
    if (settled === undefined) return failures.push(`${id} was neither answered nor failed`);
    const { planned, outcome, isExcused } = settled;
    const wrong = faultOf(planned, outcome);
    const type =
      outcome.headers["lambda-runtime-function-error-type"] ??
      outcome.trailers["lambda-runtime-function-error-type"] ??
      "answered";
    outcomes.set(type, (outcomes.get(type) ?? 0) + 1);
    if (type === "answered") onAnswer();
    if (wrong !== undefined && !(isExcused && excused.has(type)))
      failures.push(`${id} ${planned.door} ${JSON.stringify(planned.plan)}: ${wrong}`);
  }
  async function pump() {
    while (state.isKilling && state.ended === undefined) {
      const settled = await invoke();
      judge(settled, `invocation ${invoked}`);
      if (settled === undefined) return;
      // A dead app fails thousands of invocations a second, and none of them is at work when the next kill comes.
      if (settled.outcome.headers["lambda-runtime-function-error-type"] === "Adapter.AppUnreachable")
        await sleep(10);
    }
  }

  const pumps = Array.from({ length: concurrency }, pump);
  const killers = {
    app: () => app.kill(upTo(100)),
    "Runtime API": () => api.kill(upTo(longestOutageMs)),
    "connections to the app": () => app.tell({ type: "cut", number: upTo(1000) }),
    "connections to the Runtime API": () => api.tell({ type: "cut", number: upTo(1000) }),
  };
  let killed = 0;
  while (killed < wanted && state.ended === undefined && failures.length === 0) {
    // Everything works again; then at some point of an invocation.
    await Promise.race([new Promise((resolve) => (onAnswer = resolve)), sleep(stuckMs)]);
    await sleep(upTo(20));
    const kind = Object.keys(killers)[upTo(4)];
    await killers[kind]();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    killed++;
  }
  state.isKilling = false;
  if (state.ended === undefined) await Promise.all(pumps);
  // As before, now that nobody is killed.
  for (let i = 0; i < 50 && state.ended === undefined && failures.length === 0; i++)
    judge(await invoke(), `invocation ${invoked}`);
  if (state.ended !== undefined) failures.push(state.ended);
  const memory = state.ended === undefined ? residentMb(child.pid) : Number.NaN;
  child.removeAllListeners("exit");
  child.kill("SIGKILL");
  await Promise.all([api.stop(), app.stop()]);
  return { concurrency, killed, invoked, memory, outcomes, kinds, failures };
}
