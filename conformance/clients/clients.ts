/** The clients, and how a function of each is started. What their functions do is the same: see any of the folders. */
import { join } from "node:path";
import { installed, missing, tool } from "./install.ts";

export interface Client {
  /** Package and registry. */
  readonly name: string;
  /** Which tools are not there, in words. */
  readonly missing: string | undefined;
  /** Installs it; the folder of its code, and its command. */
  readonly install: () => Started;
  /** `errorType` of what its function throws. */
  readonly thrown: string;
  /** Answer of a function that returns nothing. */
  readonly nothing: string;
  /** A function that streams, where the client can. */
  readonly streaming?: (started: Started) => Started;
}

export interface Started {
  readonly code: string;
  readonly command: readonly [file: string, ...args: string[]];
}

const python: Client = {
  name: "awslambdaric (PyPI)",
  missing: missing("python3"),
  install: () => pythonWith("app.handler"),
  thrown: "ValueError",
  nothing: "null",
};

/** A Python function, with what the folder asks for (the client and Powertools) in an environment of its own. */
export function pythonWith(handler: string, from = "python"): Started {
  const code = installed(from, (folder) => {
    tool(folder, "python3", ["-m", "venv", ".venv"]);
    const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"];
    tool(folder, join(folder, ".venv", "bin", "python"), pip);
  });
  return { code, command: [join(code, ".venv", "bin", "python"), "-m", "awslambdaric", handler] };
}

const node: Client = {
  name: "aws-lambda-ric (npm)",
  missing: missing("autoreconf", "cmake", "g++", "make"),
  install: () => {
    const code = installed("node", (folder) => tool(folder, "npm", ["install", "--no-audit", "--no-fund"]));
    return { code, command: nodeCommand("app.handler") };
  },
  thrown: "RangeError",
  nothing: "null",
  streaming: ({ code }) => ({ code, command: nodeCommand("app.streaming") }),
};

function nodeCommand(handler: string): Started["command"] {
  return [process.execPath, join("node_modules", "aws-lambda-ric", "bin", "index.mjs"), handler];
}

const go: Client = {
  name: "aws-lambda-go (Go modules)",
  missing: missing("go"),
  install: () => {
    const code = installed("go", (folder) => {
      tool(folder, "go", ["mod", "tidy"]);
      tool(folder, "go", ["build", "-o", "bootstrap", "."]);
    });
    return { code, command: [join(code, "bootstrap")] };
  },
  thrown: "errorString",
  nothing: "null",
  streaming: ({ code }) => ({ code, command: [join(code, "bootstrap"), "streaming"] }),
};

const rust: Client = {
  name: "lambda_runtime (crates.io)",
  missing: missing("cargo"),
  install: () => {
    const code = rustInstalled();
    return { code, command: [join(code, "target", "release", "client")] };
  },
  thrown: "&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>",
  nothing: "null",
};

function rustInstalled(): string {
  return installed("rust", (folder) =>
    tool(folder, "cargo", ["build", "--quiet", "--release", "--target-dir", join(folder, "target")]),
  );
}

/** The extension on AWS's crate that subscribes to telemetry: its binary. */
export function telemetryExtension(): string {
  return join(rustInstalled(), "target", "release", "telemetry");
}

/** A public extension that makes OpenTelemetry's metrics of what the Telemetry API tells: its binary. */
export function openTelemetryExtension(): string {
  const crate = "opentelemetry-lambda-extension";
  const folder = installed("otel", (into) =>
    // Its own versions of what it needs; a build for use takes three times as long.
    tool(into, "cargo", ["install", "--quiet", "--debug", "--locked", "--root", into, `${crate}@0.1.6`]),
  );
  return join(folder, "bin", crate);
}

const java: Client = {
  name: "aws-lambda-java-runtime-interface-client (Maven)",
  missing: missing("mvn", "javac"),
  install: () => javaWith("java"),
  thrown: "java.lang.IllegalArgumentException",
  nothing: "null",
};

/** The Java function of a folder. `options` are the virtual machine's. */
export function javaWith(from: string, options: readonly string[] = []): Started {
  const code = installed(from, (folder) => {
    tool(folder, "mvn", ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]);
    tool(folder, "javac", ["--release", "17", "-cp", "lib/*", "-d", ".", "Function.java"]);
  });
  const loader = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";
  // Class data of the JDK's own, and no more compiling than a function of seconds needs: starts twice as fast.
  const quick = ["-XX:TieredStopAtLevel=1", "-Xshare:auto"];
  return {
    code,
    command: ["java", ...quick, ...options, "-cp", ".:lib/*", loader, "Function::handleRequest"],
  };
}

export const clients: readonly Client[] = [python, node, go, rust, java];
