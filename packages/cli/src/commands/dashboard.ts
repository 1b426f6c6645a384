/** The dashboard of a command. */
import type { Dashboard } from "../dashboard/server.ts";
import { portFailure } from "../ports.ts";
import { loopback } from "./served.ts";

/** Its code is read only now. A port that is taken is the user's to mend. */
export async function openDashboardAt(port: number): Promise<Dashboard> {
  const { openDashboard } = await import("../dashboard/server.ts");
  try {
    return await openDashboard({ port });
  } catch (error) {
    throw portFailure(loopback, port, error, "--dashboard-port");
  }
}
