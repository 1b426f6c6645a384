/**
 * Options of `dev` about where callers come in, and who they may be. One by one: the types of whole commands are too large to be
 * written into declarations, the compiler needs gigabytes for them.
 */
import { Option } from "@commander-js/extra-typings";
import { integerBetween, issuerUrl, texts } from "./option-values.ts";

const portNumber = integerBetween(0, 65_535);

export const port = new Option(
  "-p, --port <number>",
  "port of the Function URL, or of the first --door; 0 takes a free one",
)
  .argParser(portNumber)
  .default(3000);

export const invokePort = new Option(
  "--invoke-port <number>",
  "port of the Invoke API, for AWS SDKs and the AWS CLI; 0 takes a free one",
)
  .argParser(portNumber)
  .default(0);

export const dashboardPort = new Option(
  "--dashboard-port <number>",
  "port of the dashboard, a web page for you alone; 0 takes a free one",
)
  .argParser(portNumber)
  .default(0);

export const jwtIssuer = new Option(
  "--jwt-issuer <url>",
  "HTTP and REST APIs want a token of this issuer; with a file: instead of its authorizers' own",
).argParser(issuerUrl);

export const jwtAudience = new Option(
  "--jwt-audience <name>",
  "HTTP APIs: one of these must be in its aud; may be repeated",
).argParser(texts);

export const jwtKeys = new Option(
  "--jwt-keys <source>",
  "file or URL of its keys, a JSON Web Key Set (default: what the issuer's discovery document names)",
);

export const unverifiedTokens = new Option(
  "--unverified-tokens",
  "believe every token, without an issuer or keys, whatever it claims",
);

export const tls = new Option(
  "--tls",
  "the doors speak TLS, with a certificate for localhost that is made and kept",
);

export const tlsCert = new Option(
  "--tls-cert <file>",
  "the doors speak TLS, with this certificate (PEM, those that it rests upon behind it)",
);

export const tlsKey = new Option("--tls-key <file>", "its key (PEM)");
