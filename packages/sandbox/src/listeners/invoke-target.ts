/** Which function, and which version of it, a caller of the Invoke API means (environment.md 5.1). Pure. */
import type { Fleet } from "../fleet.ts";

/** A function as the Invoke API offers it. */
export interface PublishedFunction {
  /** What runs without a qualifier: `$LATEST`, or the one version that its configuration names. */
  readonly fleet: Fleet;
  /** Published versions beside it, by number. */
  readonly versions?: ReadonlyMap<string, Fleet> | undefined;
  /** The version, or `$LATEST`, that each alias stands for. */
  readonly aliases?: ReadonlyMap<string, string> | undefined;
}

/** Functions by name. */
export type Functions = ReadonlyMap<string, PublishedFunction>;

export type InvokeTarget =
  /** `qualifier` as the caller gave it: the function sees it in its ARN. */
  | { readonly kind: "found"; readonly fleet: Fleet; readonly qualifier: string | undefined }
  | { readonly kind: "unknown"; readonly arn: string }
  | { readonly kind: "malformed"; readonly message: string };

/** `name` is decoded: a name, `name:qualifier`, a partial or a full ARN. */
export function targetOf(
  name: string,
  queryQualifier: string | undefined,
  functions: Functions,
): InvokeTarget {
  const parts = pattern.exec(name);
  if (parts === null || name.length > 256)
    return { kind: "malformed", message: `${JSON.stringify(name)} is no name or ARN of a function` };
  const { region, account, partialAccount, functionName = "", suffix } = parts.groups ?? {};
  if (suffix !== undefined && queryQualifier !== undefined && suffix !== queryQualifier) {
    const message = "The derived qualifier from the function name does not match the specified qualifier.";
    return { kind: "malformed", message };
  }
  const qualifier = suffix ?? queryQualifier;
  if (qualifier !== undefined && !qualifierPattern.test(qualifier))
    return { kind: "malformed", message: `${JSON.stringify(qualifier)} is no version or alias` };
  const wanted = functions.get(functionName);
  const [any] = functions.values();
  const home = (wanted ?? any)?.fleet.configuration;
  const inRegion = region ?? home?.region ?? "us-east-1";
  const ofAccount = account ?? partialAccount ?? home?.accountId ?? "000000000000";
  const here = inRegion === home?.region && ofAccount === home?.accountId;
  const fleet = here && wanted !== undefined ? versionOf(wanted, qualifier) : undefined;
  if (fleet !== undefined) return { kind: "found", fleet, qualifier };
  const version = qualifier ?? "$LATEST";
  return {
    kind: "unknown",
    arn: `arn:aws:lambda:${inRegion}:${ofAccount}:function:${functionName}:${version}`,
  };
}

/** The fleet behind a qualifier: a version, an alias, or the newest of the published versions. */
function versionOf(
  { fleet, versions, aliases }: PublishedFunction,
  qualifier: string | undefined,
): Fleet | undefined {
  const version = (qualifier !== undefined && aliases?.get(qualifier)) || (qualifier ?? "$LATEST");
  if (version === "$LATEST" || version === fleet.configuration.version) return fleet;
  if (version !== "$LATEST.PUBLISHED") return versions?.get(version);
  const newest = Math.max(...[...(versions?.keys() ?? [])].map(Number));
  return versions?.get(String(newest));
}

const qualifierPattern = /^(?:\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]{1,128})$/;

const pattern = new RegExp(
  String.raw`^(?:arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):function:` +
    String.raw`|(?<partialAccount>\d{12}):function:|function:)?` +
    String.raw`(?<functionName>[a-zA-Z0-9_-]+)(?::(?<suffix>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?$`,
);
