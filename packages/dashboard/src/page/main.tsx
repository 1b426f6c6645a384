import { render } from "preact";
import { App } from "./app.tsx";
import { listen } from "./server.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
const place = document.getElementById("app");
if (place !== null) render(<App />, place);
void listen();
