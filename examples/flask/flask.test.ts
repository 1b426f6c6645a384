import { fileURLToPath } from "node:url";
import { pythonMissing, virtualEnvironment } from "../testing/python.ts";
import { describeExample, describeTwice, type Example } from "../testing/suite.ts";

const directory = fileURLToPath(new URL(".", import.meta.url));
const flask: Example = {
  name: "Flask",
  directory,
  missing: pythonMissing(),
  prepare: async () => [virtualEnvironment(directory), "app.py"],
};

describeTwice(flask);
describeExample(flask);
