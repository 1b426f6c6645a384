/** Who signed a request (Signature Version 4). Which secret it was signed with nobody here knows, so it is believed. */
import { type ClientRequest, headerOf } from "@anylambda/wire";
import type { IamCaller } from "@anylambda/wire/front-doors/iam-caller";
import type { FunctionConfiguration } from "../function.ts";

/** `undefined` when there is no signature, in the header or in the query. */
export function callerOf(
  request: ClientRequest,
  { accountId }: FunctionConfiguration,
): IamCaller | undefined {
  const header = headerOf(request.headers, "authorization") ?? "";
  const signed = /^AWS4-HMAC-SHA256 .*Credential=([A-Za-z0-9]+)\/.*Signature=[0-9a-f]{64}/.exec(header);
  const presigned = /[?&]X-Amz-Credential=([A-Za-z0-9]+)(?:\/|%2F)/i.exec(request.target);
  const accessKey = signed?.[1] ?? (/[?&]X-Amz-Signature=/.test(request.target) ? presigned?.[1] : undefined);
  if (accessKey === undefined) return undefined;
  const userId = `AIDA${accessKey.slice(4)}`;
  const userArn = `arn:aws:iam::${accountId}:user/local`;
  return { accessKey, accountId, callerId: userId, userArn, userId };
}
