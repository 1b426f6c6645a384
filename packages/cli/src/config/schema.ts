/**
 * `anylambda.yaml`: what may stand in it. `docs/anylambda.schema.json` and the reference in `docs/dev.md` are made of this;
 * a test compares them.
 */
import * as z from "zod";
import { engines } from "../adapters.ts";
import { authorizerTypes } from "../authorizer-types.ts";
import { doorNames } from "../doors.ts";
import { isolations } from "../function-plan.ts";
import { logFormats, logLevels, systemLogLevels } from "../log-options.ts";
import { askedEngines } from "../snapshot-engine.ts";

const port = z.int().min(0).max(65_535);
const variableName = z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]+$/);
const variables = z.record(variableName, z.union([z.string(), z.number(), z.boolean()]));
const words = z.array(z.string()).min(1);

const cors = z.strictObject({
  allowOrigins: z.array(z.string()).optional(),
  allowMethods: z.array(z.string()).optional(),
  allowHeaders: z.array(z.string()).optional(),
  exposeHeaders: z.array(z.string()).optional(),
  allowCredentials: z.boolean().optional(),
  maxAge: z.int().min(0).optional(),
});

const scopes = words
  .optional()
  .meta({ description: "A token must have one of these; of types jwt and cognito" });

const authorizer = z.strictObject({
  type: z.enum(authorizerTypes).meta({
    description:
      "jwt: tokens, of HTTP APIs. cognito: tokens of user pools, of REST APIs. request: a function that gets the request, of HTTP, REST and WebSocket APIs. token: a function that gets a header, of REST APIs. iam: a signature, which is believed",
  }),
  issuer: z.string().optional().meta({ description: "jwt: iss of its tokens" }),
  audience: words.optional().meta({ description: "jwt: one of them must be in aud, or be client_id" }),
  userPools: words.optional().meta({
    description: "cognito: ids of user pools such as eu-central-1_Ab12Cd34E, or URLs of issuers",
  }),
  keys: z.string().optional().meta({
    description:
      "jwt, cognito: file or URL of a JSON Web Key Set. Without: what the issuer's discovery document names",
  }),
  verify: z.boolean().optional().meta({
    description: "jwt, cognito: false believes every token, whoever signed it and whatever it claims",
  }),
  function: z.string().optional().meta({ description: "request, token: the function that is asked" }),
  identitySource: z.union([z.string(), words]).optional().meta({
    description:
      "jwt, request: where a request says who sends it, such as $request.header.Authorization, $request.querystring.token",
  }),
  header: z.string().optional().meta({ description: "cognito, token: the header. Without: Authorization" }),
  validationExpression: z.string().optional().meta({
    description: "cognito, token: a regular expression that all of the header must match",
  }),
  ttl: z.int().min(0).max(3600).optional().meta({
    description: "request, token: for how many seconds an answer is used again. Without: 300",
  }),
  payloadFormatVersion: z
    .enum(["1.0", "2.0"])
    .optional()
    .meta({ description: "request, of HTTP APIs: format of its event. Without: 2.0" }),
  simpleResponses: z
    .boolean()
    .optional()
    .meta({ description: "request, of HTTP APIs: its answer may be isAuthorized instead of a policy" }),
});

const route = z.union([
  z.string(),
  z.strictObject({
    route: z.string(),
    authorizer: z
      .string()
      .optional()
      .meta({ description: "Name of its authorizer, or NONE. Without: that of the door" }),
    scopes,
  }),
]);

const door = z.strictObject({
  type: z.enum(doorNames).meta({ description: "Which front door" }),
  port: port
    .optional()
    .meta({ description: "Its port; 0 takes a free one. Without: the next from --port (3000) upwards" }),
  api: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,64}$/)
    .optional()
    .meta({
      description:
        "http-api, http-api-1, rest: functions whose doors name the same API have one address together, with all their routes",
    }),
  routes: z.array(route).min(1).optional().meta({
    description:
      "http-api, websocket: route keys, such as GET /items/{id}. rest: methods and their resources. With an authorizer of their own: mappings of route, authorizer, scopes",
  }),
  authorizer: z.string().optional().meta({
    description: "http-api, rest, websocket: name of the authorizer of the routes that name none",
  }),
  scopes,
  stage: z.string().optional().meta({ description: "http-api, rest, websocket: the stage" }),
  cors: cors.optional().meta({ description: "function-url, http-api: as in AWS's configuration" }),
  tls: z
    .union([z.boolean(), z.strictObject({ cert: z.string(), key: z.string() })])
    .optional()
    .meta({
      description:
        "true: TLS with a certificate for localhost that is made and kept. A mapping of cert and key: with these files, in PEM. Without: as --tls says",
    }),
  authType: z
    .enum(["NONE", "AWS_IAM"])
    .optional()
    .meta({ description: "function-url: AWS_IAM wants a signature" }),
});

const functionSettings = z.strictObject({
  command: z.union([z.string(), words]).optional().meta({
    description:
      "The program that starts the app, and its arguments: a list, or words with spaces between. Without: bootstrap in code",
  }),
  code: z.string().default(".").meta({ description: "Directory of the code, where command is run" }),
  handler: z.string().optional().meta({ description: "Value of _HANDLER" }),
  memory: z.int().min(128).max(10_240).default(512).meta({ description: "Memory size, MB" }),
  timeout: z
    .int()
    .min(1)
    .max(900)
    .default(30)
    .meta({ description: "The longest an invocation may take, seconds" }),
  ephemeralStorage: z
    .int()
    .min(512)
    .max(10_240)
    .optional()
    .meta({ description: "Size of /tmp, MB; a limit with isolation: bubblewrap" }),
  env: variables.optional().meta({ description: "Variables" }),
  envFile: z
    .string()
    .optional()
    .meta({ description: "A file of NAME=VALUE lines with more of them; env wins" }),
  passEnv: z
    .array(variableName)
    .optional()
    .meta({ description: "Variables of your shell to pass, else none is" }),
  layers: words
    .optional()
    .meta({ description: "Directories that stand for layers: what is in them is seen in /opt" }),
  adapter: z
    .enum([...engines, "none"])
    .optional()
    .meta({
      description:
        "none for a function that speaks the Runtime API itself. Without: native where it is there",
    }),
  appPort: port
    .min(1)
    .optional()
    .meta({ description: "Port the app listens on, told to it as PORT. Without: a free one" }),
  stream: z.boolean().optional().meta({ description: "Stream answers" }),
  concurrency: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .meta({ description: "How many environments may run at once" }),
  throttle: z
    .boolean()
    .optional()
    .meta({ description: "Answer further requests with 429 instead of letting them wait" }),
  reserved: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .meta({ description: "Reserved concurrency: more invocations at once get 429" }),
  provisioned: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .meta({ description: "Provisioned concurrency: initialised before anybody asks" }),
  managed: z
    .int()
    .min(1)
    .max(1600)
    .optional()
    .meta({ description: "As on Managed Instances: so many invocations at once in one environment" }),
  tenants: z
    .boolean()
    .optional()
    .meta({ description: "Tenant isolation: every invocation names its tenant" }),
  aliases: z
    .array(z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/))
    .optional()
    .meta({ description: "Other names of the version, for the Invoke API" }),
  logFormat: z.enum(logFormats).optional().meta({ description: "How Lambda writes the log" }),
  logLevel: z
    .enum(logLevels)
    .optional()
    .meta({ description: "With json: the least level of the app's own lines" }),
  systemLevel: z
    .enum(systemLogLevels)
    .optional()
    .meta({ description: "With json: the least level of Lambda's lines" }),
  framedLogs: z
    .boolean()
    .optional()
    .meta({ description: "The log channel of managed runtimes, which keeps messages together" }),
  doors: z
    .array(z.union([z.enum(doorNames), door]))
    .default(["function-url"])
    .meta({ description: "Front doors: names, or mappings with settings" }),
  queues: words
    .optional()
    .meta({ description: "Directories that are SQS queues: files dropped there become messages" }),
  freeze: z
    .boolean()
    .optional()
    .meta({ description: "false: the app runs on between invocations, which Lambda does not let it" }),
  memoryLimit: z.boolean().optional().meta({ description: "false: the memory size is told, not enforced" }),
  isolation: z
    .enum(isolations)
    .optional()
    .meta({ description: "bubblewrap: files, process ids, user and network of its own (Linux)" }),
  outbound: z
    .boolean()
    .optional()
    .meta({ description: "With bubblewrap: a way out of its network, by slirp4netns" }),
  shareNet: z.boolean().optional().meta({ description: "With bubblewrap: the machine's network" }),
  snapstart: z
    .enum(askedEngines)
    .optional()
    .meta({ description: "SnapStart: published once, restored for every environment" }),
  watch: z.boolean().optional().meta({ description: "false: changes of its files do not reload it" }),
});

export const configSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: "For editors" }),
    region: z
      .string()
      .regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/)
      .default("us-east-1")
      .meta({ description: "Region the functions believe to be in" }),
    env: variables.optional().meta({ description: "Variables of all functions; their own win" }),
    authorizers: z
      .record(z.string(), authorizer)
      .optional()
      .meta({ description: "Authorizers of the doors, by name" }),
    functions: z
      .record(z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/), functionSettings)
      .meta({ description: "The functions, by name" }),
  })
  .meta({ title: "anylambda.yaml" });

export type Config = z.infer<typeof configSchema>;
export type FunctionSettings = z.infer<typeof functionSettings>;
export type DoorSettings = z.infer<typeof door>;
export type AuthorizerSettings = z.infer<typeof authorizer>;

/** For editors: `# yaml-language-server: $schema=…`. */
export function jsonSchema(): unknown {
  return z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
}
