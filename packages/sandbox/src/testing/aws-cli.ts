/** The AWS CLI as anybody has it, from PyPI in an environment of its own below `target`. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const version = "1.44.5";

/** Its path; `undefined` where there is no Python with pip, or PyPI cannot be reached. */
export async function installAwsCli(): Promise<string | undefined> {
  const folder = fileURLToPath(new URL(`../../../../target/awscli-${version}`, import.meta.url));
  const aws = `${folder}/bin/aws`;
  try {
    if (!existsSync(aws)) {
      await run("python3", ["-m", "venv", folder]);
      await run(`${folder}/bin/pip`, ["install", "--quiet", `awscli==${version}`], { timeout: 180_000 });
    }
    await run(aws, ["--version"]);
    return aws;
  } catch {
    return undefined;
  }
}
