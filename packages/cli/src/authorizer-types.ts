/** Which authorizers there are, and what each door can have. */
import type { AuthorizerOptions } from "@anylambda/sandbox";
import type { DoorName } from "./doors.ts";

type AuthorizerType = AuthorizerOptions["type"];

export const authorizerTypes: readonly [AuthorizerType, ...AuthorizerType[]] = [
  "jwt",
  "cognito",
  "request",
  "token",
  "iam",
];

const ofHttpApi: readonly AuthorizerType[] = ["jwt", "request", "iam"];

/** Those of a door, as on AWS; none of a door that is not there. */
export const authorizersOfDoor: Readonly<Partial<Record<DoorName, readonly AuthorizerType[]>>> = {
  "http-api": ofHttpApi,
  "http-api-1": ofHttpApi,
  rest: ["cognito", "request", "token", "iam"],
  websocket: ["request", "iam"],
};
