/** Where `/opt` comes from: one directory, or layers merged into one. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { mergeLayers } from "@anylambda/sandbox";
import { userFailure } from "./user-failure.ts";

/** The merged directory; kept between runs, because unpacking takes longer than starting. */
export async function layersOf(layers: readonly string[], own: NodeJS.ProcessEnv): Promise<string> {
  const cache = own["XDG_CACHE_HOME"] ?? join(own["HOME"] ?? homedir(), ".cache");
  try {
    return await mergeLayers(
      layers.map((layer) => resolve(layer)),
      join(cache, "anylambda", "layers"),
    );
  } catch (cause) {
    throw userFailure((cause as Error).message, "--layer takes a directory or a zip file.", { cause });
  }
}
