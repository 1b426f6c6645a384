/**
 * Whether this host can freeze and restore, found out by doing it: versions and capabilities alone do not tell (a CRIU
 * that is older than its kernel says yes and fails).
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { versionOf } from "./criu.ts";
import { ownDirectory } from "./own-directory.ts";
import { Pod } from "./pod.ts";
import { type Tools, findTools, installCriu } from "./tools.ts";
import { isUnprivileged } from "./vessel.ts";

export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  /** What was found, or what to do. */
  readonly detail: string;
}

export interface Diagnosis {
  /** A tiny program was frozen and brought back. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Present when both programs are there, whether they work or not. */
  readonly tools?: Tools;
}

let known: Promise<Diagnosis> | undefined;

/** The diagnosis of this process's host, made once. Never rejects. */
export function probe(): Promise<Diagnosis> {
  known ??= diagnose();
  return known;
}

/** Makes the diagnosis anew. `env` says where programs are looked for. Never rejects. */
export async function diagnose(env: NodeJS.ProcessEnv = process.env): Promise<Diagnosis> {
  const findings: Finding[] = [];
  const isLinux = process.platform === "linux";
  findings.push({
    what: "system",
    ok: isLinux,
    detail: isLinux
      ? `Linux ${release()}, ${process.arch}`
      : `${process.platform}: only Linux can freeze processes`,
  });
  if (!isLinux) return { ok: false, findings };
  const { tools, missing } = findTools(env);
  for (const { program, message } of missing) findings.push({ what: program, ok: false, detail: message });
  const { pod, criu } = tools;
  if (pod !== undefined) findings.push({ what: "pods", ok: true, detail: pod });
  if (criu !== undefined)
    findings.push({ what: "CRIU", ok: true, detail: `${await versionOf(criu)} (${criu})` });
  findings.push({
    what: "rights",
    ok: true,
    detail: isUnprivileged() ? "no root: a user namespace is tried" : "root",
  });
  if (pod === undefined || criu === undefined) return { ok: false, findings };
  const found = { ...tools, pod, criu };
  const { complaint, eagerBecause } = await tryOut(found);
  if (complaint === undefined) findings.push(pagesOnDemand(eagerBecause));
  findings.push(await memorySharing());
  findings.push({
    what: "freezing and restoring a small program",
    ok: complaint === undefined,
    detail: complaint === undefined ? "works" : `${complaint}\n${adviceFor(complaint)}`,
  });
  return { ok: complaint === undefined, findings, tools: found };
}

/** Without it a copy works as well: it is slower, and has all of the image's memory for itself. */
function pagesOnDemand(eagerBecause: string | undefined): Finding {
  const detail = eagerBecause === undefined ? "yes" : `no, copies get all of their memory: ${eagerBecause}`;
  return { what: "pages on demand", ok: true, detail };
}

/** Copies of one image are equal page by page until they write; whether the kernel looks for that is the host's choice. */
async function memorySharing(): Promise<Finding> {
  const text = await readFile("/sys/kernel/mm/ksm/run", "utf8").catch(() => undefined);
  const isOn = text?.trim() === "1";
  const mend = "echo 1 > /sys/kernel/mm/ksm/run, as root, lets copies share equal pages, for some CPU time";
  return { what: "sharing of memory", ok: true, detail: isOn ? "on (KSM)" : `off: ${mend}` };
}

interface Trial {
  /** `undefined` when it worked. */
  readonly complaint?: string;
  readonly eagerBecause?: string | undefined;
}

async function tryOut(tools: Tools): Promise<Trial> {
  // With this process it ends, however far the trial is then.
  const scratch = await mkdtemp(join(ownDirectory(tmpdir()), "probe-"));
  const options = { tools, scratch, connection: () => undefined };
  const pods: Pod[] = [];
  try {
    const pod = await Pod.start({ ...options, programs: 1 });
    pods.push(pod);
    await pod.spawn({ name: "sleep", argv: ["/bin/sleep", "1000"], env: {}, cwd: "/" });
    const copy = await Pod.restore(await pod.checkpoint(join(scratch, "image")), options);
    pods.push(copy);
    const isThere = (copy.processes[0]?.pid ?? 0) > 0;
    return isThere ? { eagerBecause: copy.eagerBecause } : { complaint: "The restored program is not there" };
  } catch (error) {
    return { complaint: error instanceof Error ? error.message : String(error) };
  } finally {
    await Promise.all(pods.map((pod) => pod.end()));
    await rm(scratch, { recursive: true, force: true });
  }
}

function adviceFor(complaint: string): string {
  if (complaint.includes("unknown order"))
    return "anylambda-pod is of another version than this command: build it anew (node scripts/build-pod.mjs), or install both anew";
  if (complaint.includes("CRIU could not") && isUnprivileged())
    return "Without root this kernel and this CRIU do not get so far: run as root";
  if (!complaint.includes("CRIU could not") && complaint.includes("Operation not permitted"))
    return (
      "Namespaces are refused: run as root, or allow them " +
      "(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0); " +
      "in a container give it --privileged, or CAP_SYS_ADMIN and CAP_CHECKPOINT_RESTORE"
    );
  if (complaint.includes("CRIU could not"))
    return (
      `If this kernel is newer than the CRIU: ${installCriu()} brings one from Debian's unstable suite. ` +
      "The kernel needs CONFIG_CHECKPOINT_RESTORE"
    );
  return "Please report this with the lines above";
}
