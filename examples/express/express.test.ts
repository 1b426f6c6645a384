import { fileURLToPath } from "node:url";
import { describeDoors, describeExample, describeTwice, type Example } from "../testing/suite.ts";

const express: Example = {
  name: "Express",
  directory: fileURLToPath(new URL(".", import.meta.url)),
  missing: undefined,
  prepare: async () => [process.execPath, "server.js"],
};

describeTwice(express);
describeExample(express);
describeDoors(express);
