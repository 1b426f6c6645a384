/** Which authorizers there are, and what each door can have. */
import { type AuthorizerOptions, authorizersOfApi } from "@anylambda/sandbox";
import type { DoorName } from "./doors.ts";

type AuthorizerType = AuthorizerOptions["type"];

export const authorizerTypes: readonly [AuthorizerType, ...AuthorizerType[]] = [
  "jwt",
  "cognito",
  "request",
  "token",
  "iam",
];

/** Those of a door; none of a door that is not there. */
export const authorizersOfDoor: Readonly<Partial<Record<DoorName, readonly AuthorizerType[]>>> = {
  ...authorizersOfApi,
  "http-api-1": authorizersOfApi["http-api"],
};
