import { fileURLToPath } from "node:url";
import { pythonMissing, virtualEnvironment } from "../testing/python.ts";
import { describeDoors, describeExample, describeTwice, type Example } from "../testing/suite.ts";

const directory = fileURLToPath(new URL(".", import.meta.url));
const flask: Example = {
  name: "Flask",
  directory,
  missing: pythonMissing(),
  decodesPaths: true,
  prepare: async () => [virtualEnvironment(directory), "app.py"],
};

describeTwice(flask);
describeExample(flask);
describeDoors(flask);
