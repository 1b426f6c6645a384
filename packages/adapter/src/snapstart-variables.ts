/** The rows of the table in `variables.ts` that are about SnapStart (spec adapter.md 7). */
import { row } from "./variable.ts";
import type { Variable } from "./variable.ts";
import * as parse from "./variable-values.ts";

export const snapStartVariables: {
  readonly beforeCheckpointPath: Variable<string | undefined>;
  readonly afterRestorePath: Variable<string | undefined>;
  readonly beforeCheckpoint: Variable<parse.CommandLine | undefined>;
  readonly afterRestore: Variable<parse.CommandLine | undefined>;
  readonly primePaths: Variable<readonly string[]>;
} = {
  beforeCheckpointPath: row<string | undefined>({
    name: "AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH",
    default: undefined,
    defaultText: "none",
    about: "Path of the app that gets an empty POST before a SnapStart snapshot is taken",
    expected: "a path that begins with /",
    parse: parse.targetPath,
    fatal: true,
  }),
  afterRestorePath: row<string | undefined>({
    name: "AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH",
    default: undefined,
    defaultText: "none",
    about: "Path of the app that gets an empty POST after a restore from a snapshot",
    expected: "a path that begins with /",
    parse: parse.targetPath,
    fatal: true,
  }),
  beforeCheckpoint: row<parse.CommandLine | undefined>({
    name: "ANYLAMBDA_BEFORE_CHECKPOINT",
    default: undefined,
    defaultText: "none",
    about:
      "Program that is run before a SnapStart snapshot is taken, after the hook by path: words separated by blanks, or " +
      'a JSON list such as `["/var/task/close", "all pools"]`. Another exit status than 0 fails the hook',
    expected: "a program and its arguments",
    parse: parse.commandLine,
    fatal: true,
  }),
  afterRestore: row<parse.CommandLine | undefined>({
    name: "ANYLAMBDA_AFTER_RESTORE",
    default: undefined,
    defaultText: "none",
    about: "The same after a restore from a snapshot, before the hook by path",
    expected: "a program and its arguments",
    parse: parse.commandLine,
    fatal: true,
  }),
  primePaths: row<readonly string[]>({
    name: "ANYLAMBDA_PRIME",
    default: [],
    defaultText: "none",
    about:
      "Paths such as `/health,/products/1` that get a GET before a SnapStart snapshot is taken, three times each, so " +
      "that code is compiled and memory is warm in every copy. They must change nothing. The log has the times",
    expected: "a list of paths that begin with /",
    parse: parse.targetPaths,
    fatal: true,
  }),
};
