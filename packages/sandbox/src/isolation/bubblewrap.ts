/**
 * An environment in namespaces of its own, made by bubblewrap without root: files (`files.ts`), process ids, IPC, host
 * name, users, and a network with its own localhost, so that every environment has the app's usual port and the
 * Runtime API at 127.0.0.1:9001.
 *
 *  (1) A pod lives as long as its environment: what is in its `/tmp` outlives a reset, nothing outlives the pod.
 *  (2) It dies with this process, however that ends, and with it everybody in it.
 *  (3) Its processes have no rights outside and none inside: user 993, as on Lambda, who is the developer outside.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { ApiServer } from "../api-server.ts";
import type { BootPlace } from "../boot.ts";
import type { FunctionConfiguration } from "../function.ts";
import { guard } from "../guard.ts";
import { Members } from "../members.ts";
import { type Launcher, launch } from "../processes.ts";
import { startFaultOf } from "../startable.ts";
import { type Doorway, openDoorway } from "./doorway.ts";
import { programOf } from "./isolation.ts";
import { dnsInside, openOutbound } from "./outbound.ts";
import { fileArguments, insideOpt, insideTask, seenInside } from "./files.ts";

export interface PodOptions {
  /** Search path for programs. */
  readonly path: string;
  /** The machine's network instead of one of its own. */
  readonly shareNetwork: boolean;
  /** A way out of its own one (`outbound.ts`). */
  readonly outbound?: boolean | undefined;
}

export interface Pod {
  readonly place: BootPlace;
  /** The configuration as the function's processes see it. */
  readonly seen: FunctionConfiguration;
  /** Serves the Runtime API inside. Returns the value of `AWS_LAMBDA_RUNTIME_API`. */
  serve(api: ApiServer): Promise<string>;
  close(): Promise<void>;
}

/** Rejects with a sentence for a person when the host does not allow it. */
export async function openPod(configuration: FunctionConfiguration, options: PodOptions): Promise<Pod> {
  const { path, shareNetwork, outbound = false } = options;
  const directory = mkdtempSync(join(tmpdir(), "anylambda-pod-"));
  const unguard = guard({ directory });
  const own = join(directory, "etc");
  mkdirSync(own);
  writeFileSync(join(own, "hosts"), "127.0.0.1 localhost sandbox sandbox.localdomain\n::1 localhost\n");
  writeFileSync(
    join(own, "passwd"),
    "root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n",
  );
  writeFileSync(join(own, "group"), "root:x:0:\nsbx_user1051:x:990:\n");
  if (outbound) writeFileSync(join(own, "resolv.conf"), `nameserver ${dnsInside}\n`);
  const tmpBytes = (configuration.ephemeralStorageMb ?? 512) * 1_048_576;
  const files = fileArguments(configuration, { path, own, tmpBytes });
  const tidy = (): void => {
    rmSync(directory, { recursive: true, force: true });
    unguard();
  };
  let started: Started;
  let doorway: Doorway | undefined;
  let closeOutbound: (() => void) | undefined;
  try {
    started = await start([...namespaces, ...(shareNetwork ? [] : ["--unshare-net"]), ...files]);
  } catch (error) {
    tidy();
    throw error;
  }
  const { child, pid, pidNamespace } = started;
  const enter = ["-t", String(pid), "-U", "--preserve-credentials"];
  try {
    if (!shareNetwork) doorway = await openDoorway([...enter, "-n"], directory);
    if (outbound && !shareNetwork) closeOutbound = await openOutbound(pid);
  } catch (error) {
    doorway?.close();
    await end(child);
    tidy();
    throw error;
  }
  // Those that hold the pod are no part of the environment.
  const holders = new Set(new Members({ pidNamespace, except: new Set() }).scan().map((row) => row.pid));
  const inside = [...enter, "-m", "-u", "-i", "-p", ...(shareNetwork ? [] : ["-n"])];
  return {
    place: {
      launch: launcherOf(configuration, inside),
      // The pod goes on: invariant 1.
      close: async () => undefined,
      snapStart: false,
      joins: true,
      tmpBytes,
      mark: { pidNamespace, except: holders },
      ...(doorway !== undefined && { dial: doorway.dial }),
    },
    seen: {
      ...configuration,
      taskRoot: insideTask,
      ...(configuration.optRoot !== undefined && { optRoot: insideOpt }),
    },
    async serve(api) {
      if (doorway === undefined) {
        await api.listen();
        return api.address;
      }
      doorway.accepted((socket) => api.accept(socket.setNoDelay(true)));
      return "127.0.0.1:9001";
    },
    async close() {
      doorway?.close();
      closeOutbound?.();
      await end(child);
      tidy();
    },
  };
}

/** Invariant 3; the group is Lambda's too. */
const namespaces =
  "--unshare-user --uid 993 --gid 990 --unshare-pid --unshare-ipc --unshare-uts --hostname sandbox --die-with-parent".split(
    " ",
  );

interface Started {
  readonly child: ChildProcess;
  /** Of the pod's first process, as seen from here. */
  readonly pid: number;
  readonly pidNamespace: string;
}

/** The pod's own command only waits for the end of its input. */
async function start(args: readonly string[]): Promise<Started> {
  const child = spawn(
    programOf("bwrap") ?? "bwrap",
    [...args, "--info-fd", "3", "--", "/bin/sh", "-c", "read -r end"],
    {
      stdio: ["pipe", "ignore", "pipe", "pipe"],
      env: {},
      detached: true,
    },
  );
  let complaint = "";
  child.stderr?.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
  const info = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.once("error", reject);
    child.once("close", () => reject(new Error(complaint.trim() || "bwrap ended at once")));
    (child.stdio[3] as Readable).on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes("}")) resolve(text);
    });
  });
  const told = JSON.parse(info) as { readonly "child-pid": number; readonly "pid-namespace": number };
  return { child, pid: told["child-pid"], pidNamespace: `pid:[${told["pid-namespace"]}]` };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;
}

function launcherOf(configuration: FunctionConfiguration, inside: readonly string[]): Launcher {
  return async (asked) => {
    const { program, variables } = asked;
    const seen = seenInside(program, configuration);
    const fault = startFaultOf(program.file, configuration.taskRoot, variables["PATH"] ?? "");
    if (fault !== undefined)
      return {
        ok: false,
        reason: `fork/exec ${seen.file}: ${fault.word}`,
        badDirectory: false,
        hint: fault.sentence,
      };
    const args = [...inside, "/bin/sh", "-c", enterScript, "sh", seen.file, ...seen.args];
    return launch({ ...asked, program: { file: programOf("nsenter") ?? "nsenter", args }, directory: "/" });
  };
}

const enterScript = `cd ${insideTask}; unset PWD OLDPWD SHLVL; exec "$@"`;
