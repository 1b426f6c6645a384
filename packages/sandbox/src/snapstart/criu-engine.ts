/**
 * Snapshots of the real thing: the processes' memory, by CRIU, in pods (`@anylambda/checkpoint`). Each environment has
 * a network of its own, in which the Runtime API is at 127.0.0.1:9001: served by this process on the pod's socket.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:os";
import { join } from "node:path";
import {
  type Image,
  Pod,
  type PodOptions,
  type PodProcess,
  SpawnError,
  type Tools,
  Vessels,
  openImage,
  removeImage,
} from "@anylambda/checkpoint";
import type { ApiServer } from "../api-server.ts";
import type { Boot } from "../boot.ts";
import type { ExtensionRecord } from "../extension-registry.ts";
import type { Failure } from "../failures.ts";
import type { FunctionConfiguration, Program } from "../function.ts";
import { extensionProgramsOf } from "../init.ts";
import {
  type Exit,
  type Launch,
  type Launched,
  type Leader,
  ProcessGroup,
  launchFailure,
} from "../processes.ts";
import type { KeptSubscription } from "../telemetry/hub.ts";
import { descendantsOf } from "../process-table.ts";
import { type PodMemory, podMemory } from "./pod-memory.ts";
import type { Restore, RestoreOutcome, Snapshot, SnapshotEngine, Stage, Version } from "./engine.ts";

export interface CriuEngineOptions {
  readonly tools: Tools;
  /** Images are made in here, and files of running pods: best on tmpfs. */
  readonly directory: string;
  /** Ports of this machine at which processes of the function find services, as if they ran on it. */
  readonly reach?: readonly number[] | undefined;
  /** Pods without processes for copies that may be wanted next: on Lambda too a machine is there before a function is. 2. */
  readonly standingReady?: number;
}

/** What an image says of itself beyond what every image says. */
interface Notes extends Omit<Version, "subscriptions"> {
  readonly knowsRestore: boolean;
  readonly programs: readonly NotedProgram[];
  readonly extensions: readonly ExtensionRecord[];
  /** Absent in images of before there were any. */
  readonly subscriptions?: readonly KeptSubscription[];
}

/** One program of the pod, in the order in which they were started. Without a name it is the runtime. */
interface NotedProgram {
  readonly name?: string;
  readonly program: Program;
}

const runtimeApi = "127.0.0.1:9001";

export function criuEngine({
  tools,
  directory,
  reach,
  standingReady = 2,
}: CriuEngineOptions): SnapshotEngine {
  const stageOf = (pod: Pod, memory: PodMemory = {}): PodStage => ({
    ...memory,
    pod,
    runtimeApi,
    launch: (launch) => launchIn(pod, launch),
    mark: { init: pod.pid },
    dial: (port) => pod.connect(port),
    close: () => pod.end(),
  });
  const teachers = new Set<Teacher>();
  const vessels = new Vessels({ tools, scratch: directory, size: standingReady, calmMs: 200 });
  return {
    kind: "criu",
    async stage(api, configuration, limits) {
      const memory = podMemory(limits, directory, configuration.ephemeralStorageMb);
      try {
        const pod = await Pod.start({
          tools,
          scratch: directory,
          programs: 1 + extensionProgramsOf(configuration).length,
          keep: placesOf(configuration),
          reach,
          connection: (socket) => api.accept(socket),
          groups: memory.cgroup?.doors,
        });
        return stageOf(pod, memory);
      } catch (error) {
        await memory.cgroup?.remove();
        throw error;
      }
    },
    async checkpoint(stage, boot, api, version) {
      const { pod, cgroup } = stage as PodStage;
      // Init is over, and the image, which is written in the pod, would count as the function's.
      cgroup?.lift();
      const notes = notesOf(pod, boot, version);
      for (const { socket, held } of await holdAll(api)) await pod.park(socket, held);
      const image = await pod.checkpoint(join(directory, `image-${process.pid}-${randomUUID()}`), notes);
      vessels.expect(image);
      return { ...snapshotOf(image), configuration: version.configuration };
    },
    async restore(restore) {
      const memory = podMemory(restore.limits, directory, restore.configuration.ephemeralStorageMb);
      try {
        const image = await openImage(imageOf(restore.snapshot));
        await learnFrom(teachers, restore.snapshot);
        vessels.expect(image);
        const stage = (pod: Pod): TaughtStage => taught(stageOf(pod, memory), restore.snapshot, teachers);
        const places = { tools, scratch: directory, groups: memory.cgroup?.doors };
        return await restoreInto(image, restore, stage, places, vessels.take(image));
      } catch (error) {
        // Removed by the boot, if there is one.
        await memory.cgroup?.remove();
        return { kind: "failed", failure: failureOf(error), late: false };
      }
    },
    async discard(snapshot) {
      await vessels.forget(imageOf(snapshot));
      await removeImage(imageOf(snapshot));
    },
  };
}

/** A snapshot that an earlier process took. Rejects with what does not fit. */
export async function openSnapshot(directory: string): Promise<Snapshot> {
  return snapshotOf(await openImage(directory));
}

interface PodStage extends Stage {
  readonly pod: Pod;
}

/** The stage of a copy, which may show what later copies need. */
interface TaughtStage extends PodStage {
  /** It has done an invocation: what that touched, the next will touch too. */
  isTaught: () => boolean;
}

interface Teacher {
  readonly snapshot: Snapshot;
  readonly stage: TaughtStage;
}

function taught(stage: PodStage, snapshot: Snapshot, teachers: Set<Teacher>): TaughtStage {
  const own: TaughtStage = { ...stage, isTaught: () => false, close };
  const teacher = { snapshot, stage: own };
  teachers.add(teacher);
  return own;

  async function close(): Promise<void> {
    teachers.delete(teacher);
    if (own.isTaught()) await own.pod.learn().catch(() => undefined);
    await stage.close();
  }
}

/** For the copy that comes now. It costs a moment once in the life of an image. */
async function learnFrom(teachers: Set<Teacher>, snapshot: Snapshot): Promise<void> {
  for (const { snapshot: own, stage } of teachers)
    if (own.directory === snapshot.directory && stage.isTaught()) {
      // Without it the copy is slower, no more than that.
      await stage.pod.learn().catch(() => undefined);
      return;
    }
}

async function restoreInto(
  image: Image,
  { api, newBoot, deadline }: Restore,
  stageOf: (pod: Pod) => TaughtStage,
  places: Pick<PodOptions, "tools" | "scratch" | "groups">,
  vessel: ReturnType<Vessels["take"]>,
): Promise<RestoreOutcome> {
  const { programs, extensions } = image.manifest.notes as Notes;
  const pod = await Pod.restore(image, { ...places, connection: (socket) => api.accept(socket) }, vessel);
  const stage = stageOf(pod);
  const boot = newBoot(stage, { runtime: {}, extension: {}, refused: [] });
  stage.isTaught = () => boot.runtimeApi.hasAnswered;
  for (const [index, { name, program }] of programs.entries()) {
    const kind =
      name === undefined ? ({ kind: "function" } as const) : ({ kind: "extension", name } as const);
    const leader = leaderOf(pod, pod.processes[index] as PodProcess);
    const group = new ProcessGroup(leader, { program, line: boot.lineOf(kind) });
    if (name === undefined) boot.adoptRuntime(group);
    else boot.adoptExtension(name, group);
  }
  boot.registry.restore(extensions);
  for (const { socket, label } of pod.takeBack()) api.resume(socket, label);
  const isThere = (): boolean => boot.runtimeApi.atRestorePoint && boot.registry.unready.length === 0;
  const outcome = await boot.watch.until(isThere, deadline - performance.now());
  if (outcome === "met") return { kind: "restored", boot };
  if (outcome === "failed") return { kind: "failed", failure: boot.watch.failure as Failure, late: false };
  return {
    kind: "failed",
    failure: failureOf(new Error("The restored processes did not wait where they were frozen")),
    late: true,
  };
}

async function launchIn(pod: Pod, launch: Launch): Promise<Launched> {
  const { program, directory, variables } = launch;
  const argv = [program.file, ...program.args];
  try {
    const process = await pod.spawn({ name: program.file, argv, env: variables, cwd: directory });
    return { ok: true, group: new ProcessGroup(leaderOf(pod, process), launch) };
  } catch (error) {
    return launchFailure(
      launch,
      error instanceof SpawnError ? (errnoNames.get(error.errno) ?? "") : "",
      error,
    );
  }
}

const errnoNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, name]),
);
const signalNames: ReadonlyMap<number, NodeJS.Signals> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);

function leaderOf(pod: Pod, { pid, stdout, stderr, exit }: PodProcess): Leader {
  const ends = [stdout, stderr].map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.once("close", () => resolve());
      }),
  );
  return {
    pid,
    stdout,
    stderr,
    exit: exit.then((end): Exit =>
      "signal" in end
        ? { kind: "signal", signal: signalNames.get(end.signal) ?? "SIGKILL" }
        : { kind: "status", status: end.status },
    ),
    closed: Promise.all(ends).then(() => undefined),
    nearby: () => descendantsOf(pod.pid),
  };
}

/** What has to be seen in the pod even if it lies in a directory that the pod has for itself. */
function placesOf(configuration: FunctionConfiguration): string[] {
  const { taskRoot, optRoot, command } = configuration;
  const programs: Program[] = [
    ...extensionProgramsOf(configuration),
    ...(command === undefined ? [] : [command]),
  ];
  const files = programs
    .flatMap(({ file, args }) => args.concat(file))
    .filter((word) => word.startsWith("/"));
  return [taskRoot, ...(optRoot === undefined ? [] : [optRoot]), ...files];
}

function notesOf(pod: Pod, boot: Boot, { configuration, credentialsToken, subscriptions }: Version): Notes {
  const { credentials: _, ...kept } = configuration;
  const names = new Map([...boot.extensions].map(([name, { pid }]) => [pid, name]));
  const programs = new Map(boot.groups.map(({ pid, program }) => [pid, program]));
  return {
    configuration: kept,
    credentialsToken,
    knowsRestore: boot.runtimeApi.knowsRestore,
    programs: pod.processes.map(({ pid }) => {
      const name = names.get(pid);
      const program = programs.get(pid) ?? { file: "", args: [] };
      return name === undefined ? { program } : { name, program };
    }),
    extensions: boot.registry.records,
    subscriptions: subscriptions(),
  };
}

function snapshotOf({ directory, manifest }: Image): Snapshot {
  const { configuration, credentialsToken, knowsRestore, subscriptions = [] } = manifest.notes as Notes;
  return {
    engine: "criu",
    configuration,
    credentialsToken,
    knowsRestore,
    subscriptions,
    bytes: manifest.bytes,
    directory,
    connectionsAtSnapshot: manifest.connections,
    ...(manifest.writable && { writableAtSnapshot: manifest.writable }),
  };
}

function imageOf({ directory }: Snapshot): string {
  if (directory === undefined) throw new Error("This snapshot has no image. This is a bug in the sandbox");
  return directory;
}

/** Everybody waits for an event; what else is asked is answered in a moment. */
async function holdAll(api: ApiServer): Promise<NonNullable<ReturnType<ApiServer["hold"]>>> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const held = api.hold();
    if (held !== undefined) return held;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("A process of the function is still sending something to one of Lambda's APIs");
}

function failureOf(error: unknown): Failure {
  const sentence = error instanceof Error ? error.message : String(error);
  return { errorType: "Sandbox.Failure", message: sentence, sentence };
}
