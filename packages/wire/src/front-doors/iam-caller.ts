/** Who signed a request, at a door that asks for a signature (`AWS_IAM`). */
import type { JsonObject } from "../json.ts";

export interface IamCaller {
  readonly accessKey: string;
  readonly accountId: string;
  readonly callerId: string;
  readonly userArn: string;
  readonly userId: string;
}

/** In `requestContext.authorizer` of payload format 2.0. */
export function iamAuthorizer(caller: IamCaller): JsonObject {
  return { iam: { ...caller, cognitoIdentity: null, principalOrgId: null } };
}

/** In `requestContext.identity` of payload format 1.0, over what stands there for nobody (spec event-formats.md 4.6). */
export function iamIdentity({ accessKey, accountId, callerId, userArn, userId }: IamCaller): JsonObject {
  return { accessKey, accountId, caller: callerId, user: userId, userArn };
}
