// What a snapshot gains: cold boot to first answer against restore to first answer, for apps of five languages, with and
// without priming, one copy and several at once, image and memory. Writes docs/benchmarks/cold-start.md, .json and .svg.
//   node bench/cold-start.mjs [--quick] [APP...]      (--quick: one round, and nothing is written)
// Needs what `anylambda snapstart` needs (docs/snapshots.md), and each app's own tools; an app without is named and left out.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { join } from "node:path";
import { init } from "echarts";
import { command, root } from "./lib/programs.mjs";
import { percentile } from "./lib/report.mjs";

const quick = process.argv.includes("--quick");
const asked = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const sources = join(root, "bench", "cold-start");
const target = join(root, "target", "cold-start");

const apps = [
  {
    name: "express",
    title: "Express (Node)",
    prepare: () => join(root, "examples", "express"),
    command: () => [process.execPath, "server.js"],
    goal: 5,
  },
  {
    name: "fastapi",
    title: "FastAPI with pandas (Python)",
    tools: ["python3"],
    prepare: () =>
      prepared("fastapi", ".venv/bin/python", (folder) => {
        run(folder, "python3", "-m", "venv", ".venv");
        run(folder, ".venv/bin/python", "-m", "pip", "install", "--quiet", "-r", "requirements.txt");
      }),
    command: (folder) => [join(folder, ".venv", "bin", "python"), "app.py"],
    goal: 20,
  },
  {
    name: "spring",
    title: "Spring Boot with JPA (Java)",
    tools: ["mvn", "java"],
    prepare: () =>
      prepared("spring", "target/shop.jar", (folder) => run(folder, "mvn", "-q", "-B", "package")),
    // A file of counters in /tmp that the JVM maps for its tools: not restorable (docs/snapshots.md).
    command: () => ["java", "-XX:-UsePerfData", "-jar", "target/shop.jar"],
    options: ["--memory", "1024", "--timeout", "120"],
    goal: 30,
  },
  {
    name: "gin",
    title: "Gin (Go)",
    tools: ["go"],
    prepare: () =>
      prepared("gin", "server", (folder) => {
        run(folder, "go", "mod", "tidy");
        run(folder, "go", "build", "-o", "server", ".");
      }),
    command: () => ["./server"],
    goal: 1 / 1.2,
  },
  {
    name: "php",
    title: "PHP's own server",
    tools: ["php"],
    prepare: () => prepared("php", "index.php", () => undefined),
    // The address is a variable of the environment: PORT, by way of the shell that PHP's users have too.
    command: () => ["sh", "-c", 'exec php -S "127.0.0.1:$PORT" index.php'],
  },
].filter(({ name }) => asked.length === 0 || asked.includes(name));

const rounds = quick ? 1 : 5;
const copies = 5;
const results = [];
for (const app of apps) {
  const missing = (app.tools ?? []).filter((tool) => spawnSync("which", [tool]).status !== 0);
  if (missing.length > 0) {
    console.error(`${app.title} is left out: ${missing.join(", ")} missing`);
    continue;
  }
  console.error(`${app.title} ...`);
  const folder = app.prepare();
  const plain = measured(app, folder, []);
  const primed = measured(app, folder, ["-e", "ANYLAMBDA_PRIME=/"]);
  results.push({ ...app, plain, primed });
}

function measured(app, folder, options) {
  const own = [
    "--json",
    "--quiet",
    "--engine",
    "criu",
    "--rounds",
    String(rounds),
    "--copies",
    String(copies),
  ];
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      command,
      "snapstart",
      "measure",
      ...own,
      ...(app.options ?? []),
      ...options,
      "--",
      ...app.command(folder),
    ],
    { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) process.exit(status ?? 1);
  const { bootMs, restoreMs, secondMs, togetherMs, checkpointMs, imageBytes, memory } = JSON.parse(stdout);
  return {
    bootMs: percentile(bootMs, 0.5),
    bootSpread: [Math.min(...bootMs), Math.max(...bootMs)],
    restoreMs: percentile(restoreMs, 0.5),
    restoreSpread: [Math.min(...restoreMs), Math.max(...restoreMs)],
    secondMs: percentile(secondMs, 0.5),
    togetherMs: percentile(togetherMs, 0.5),
    togetherSpread: [Math.min(...togetherMs), Math.max(...togetherMs)],
    checkpointMs,
    imageMb: imageBytes / 1e6,
    memoryMb: Object.fromEntries(Object.entries(memory).map(([name, bytes]) => [name, bytes / 1e6])),
  };
}

/** A copy of the app's sources in target/, finished by `finish`, once. */
function prepared(name, product, finish) {
  const folder = join(target, name);
  if (existsSync(join(folder, product))) return folder;
  mkdirSync(target, { recursive: true });
  cpSync(join(sources, name), folder, { recursive: true });
  finish(folder);
  return folder;
}

function run(folder, file, ...args) {
  const { status, error } = spawnSync(file, args, { cwd: folder, stdio: "inherit" });
  if (status === 0) return;
  console.error(`${file} ${args.join(" ")} failed${error === undefined ? "" : `: ${error.message}`}`);
  process.exit(1);
}

const conditions =
  `${cpus().length} cores (${cpus()[0].model.trim()}), Linux ${release()}, Node ${process.version}, ` +
  `load ${loadavg()[0].toFixed(2)}, ${new Date().toISOString().slice(0, 10)}`;
const ms = (value) => Math.round(value).toLocaleString("en-GB");
const spread = ([least, most]) => `${ms(least)} to ${ms(most)}`;
const line = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)];

const page = [
  "# Cold starts: boot against restore",
  "",
  "Made by `npm run bench -- cold-start`: `anylambda snapstart measure` for each app, boots and restores in turn, in one run.",
  `Medians of ${rounds}, ms, from the start of the processes (boot) or from the request that needs a copy (restore) to its answer;`,
  "the native adapter is part of both. The first restore of an image, which has nothing to learn from, is among them; pods without",
  "processes stand ready for as many copies as are made at once, as they do in `dev`.",
  "",
  conditions,
  "",
  "![Boot and restore to first answer, by app](cold-start.svg)",
  "",
  ...table(
    ["", "boot", "restore", "times as fast", `${copies} copies at once`, "of one", "checkpoint", "image, MB"],
    results.map(({ title, plain }) => [
      title,
      `${ms(plain.bootMs)} (${spread(plain.bootSpread)})`,
      `${ms(plain.restoreMs)} (${spread(plain.restoreSpread)})`,
      (plain.bootMs / plain.restoreMs).toFixed(1),
      `${ms(plain.togetherMs)} (${spread(plain.togetherSpread)})`,
      (plain.togetherMs / plain.restoreMs).toFixed(1),
      ms(plain.checkpointMs),
      plain.imageMb.toFixed(1),
    ]),
  ),
  "",
  "## Priming, and memory",
  "",
  "With priming, the app had answered three requests before the snapshot (`ANYLAMBDA_PRIME`). Memory, MB, is that of all processes of",
  "an environment after two requests: the pod's own, the adapter and the app; a page that processes share counts by share (PSS).",
  "The image lies in memory too, once, whatever maps it: the first copy costs image and restored together, and one more adds the",
  "difference between two copies and one. `one more / first` is that against image and first copy together (goal: at most 0.5).",
  "",
  ...table(
    ["", "restore, primed", "second request", "second, primed"].concat([
      "booted",
      "image",
      "restored",
      "one more",
      "one more / first",
      `each of ${copies}`,
    ]),
    results.map(({ title, plain, primed }) => [
      title,
      ms(primed.restoreMs),
      plain.secondMs.toFixed(1),
      primed.secondMs.toFixed(1),
      plain.memoryMb.boot.toFixed(1),
      plain.imageMb.toFixed(1),
      plain.memoryMb.copy.toFixed(1),
      plain.memoryMb.second.toFixed(1),
      (plain.memoryMb.second / (plain.imageMb + plain.memoryMb.copy)).toFixed(2),
      plain.memoryMb.eachOfSeveral.toFixed(1),
    ]),
  ),
  "",
].join("\n");
console.log(page);
if (!quick && asked.length === 0) {
  const folder = join(root, "docs", "benchmarks");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cold-start.md"), page);
  const figures = results.map(({ name, title, plain, primed }) => ({ name, title, plain, primed }));
  writeFileSync(
    join(folder, "cold-start.json"),
    `${JSON.stringify({ conditions, results: figures }, null, 2)}\n`,
  );
  writeFileSync(join(folder, "cold-start.svg"), chart());
}

/** Bars on a logarithmic scale: the slowest boot is a thousand times the fastest restore. */
function chart() {
  const image = init(null, null, {
    renderer: "svg",
    ssr: true,
    width: 760,
    height: 90 + results.length * 64,
  });
  const series = (name, color, valueOf) => ({
    name,
    type: "bar",
    color,
    label: { show: true, position: "right", formatter: ({ value }) => `${ms(value)} ms` },
    data: results.map((result) => Math.round(valueOf(result))),
  });
  image.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "system-ui, sans-serif" },
    legend: { top: 8 },
    grid: { left: 200, right: 90, top: 48, bottom: 40 },
    xAxis: { type: "log", name: "ms", min: 10 },
    yAxis: { type: "category", inverse: true, data: results.map(({ title }) => title) },
    series: [
      series("boot to first answer", "#b5651d", ({ plain }) => plain.bootMs),
      series("restore to first answer", "#1f6f8b", ({ plain }) => plain.restoreMs),
    ],
  });
  const svg = image.renderToSVGString();
  // Its timers would keep the process.
  image.dispose();
  return svg;
}
