/** Which function a caller of the Invoke API means (environment.md 5.1). Pure. */
import type { FunctionConfiguration } from "../function.ts";

export type InvokeTarget =
  /** `qualifier` as the caller gave it: the function sees it in its ARN. */
  | { readonly kind: "found"; readonly qualifier: string | undefined }
  | { readonly kind: "unknown"; readonly arn: string }
  | { readonly kind: "malformed"; readonly message: string };

/** `name` is decoded: a name, `name:qualifier`, a partial or a full ARN. */
export function targetOf(
  name: string,
  queryQualifier: string | undefined,
  configuration: FunctionConfiguration,
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
  const asked = {
    region: region ?? configuration.region,
    account: account ?? partialAccount ?? configuration.accountId,
    version: qualifier ?? "$LATEST",
  };
  const found =
    functionName === configuration.name &&
    asked.region === configuration.region &&
    asked.account === configuration.accountId &&
    (asked.version === "$LATEST" || asked.version === configuration.version);
  if (found) return { kind: "found", qualifier };
  const { region: inRegion, account: ofAccount, version } = asked;
  return {
    kind: "unknown",
    arn: `arn:aws:lambda:${inRegion}:${ofAccount}:function:${functionName}:${version}`,
  };
}

const pattern = new RegExp(
  String.raw`^(?:arn:aws[a-z-]*:lambda:(?<region>[a-z0-9-]+):(?<account>\d{12}):function:` +
    String.raw`|(?<partialAccount>\d{12}):function:|function:)?` +
    String.raw`(?<functionName>[a-zA-Z0-9_-]+)(?::(?<suffix>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?$`,
);
