/** All scenarios, in the order of the page. */
import type { Topic } from "../harness/scenario.ts";
import { answerBodiesTopic, answerHeadersTopic, statusesTopic } from "./answers.ts";
import { bodiesTopic } from "./bodies.ts";
import { compressionTopic } from "./compression.ts";
import { contextTopic, editsTopic } from "./context.ts";
import { connectionsTopic, failuresTopic } from "./failures.ts";
import { cookiesTopic, headersTopic, oddTopic } from "./headers.ts";
import {
  concurrencyTopic,
  readinessTopic,
  registrationTopic,
  shutdownTopic,
  snapshotsTopic,
} from "./life.ts";
import { otherDoorsTopic, passThroughTopic } from "./pass-through.ts";
import { methodsTopic, pathsTopic, queriesTopic } from "./requests.ts";
import { logsTopic, settingsTopic } from "./settings.ts";
import { streamingTopic } from "./streaming.ts";

export const topics: readonly Topic[] = [
  methodsTopic,
  pathsTopic,
  queriesTopic,
  headersTopic,
  cookiesTopic,
  bodiesTopic,
  oddTopic,
  statusesTopic,
  answerHeadersTopic,
  answerBodiesTopic,
  contextTopic,
  editsTopic,
  passThroughTopic,
  otherDoorsTopic,
  streamingTopic,
  compressionTopic,
  failuresTopic,
  connectionsTopic,
  registrationTopic,
  readinessTopic,
  snapshotsTopic,
  concurrencyTopic,
  shutdownTopic,
  settingsTopic,
  logsTopic,
];
