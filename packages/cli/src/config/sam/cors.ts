/** CORS of a Function URL or an HTTP API in a template. */
import type { DoorSettings } from "../schema.ts";

/** `true` opens an HTTP API to all origins. */
export function corsOf(given: unknown): DoorSettings["cors"] {
  if (given === true) return { allowOrigins: ["*"] };
  if (typeof given !== "object" || given === null) return undefined;
  const cors = given as Readonly<Record<string, unknown>>;
  const texts = (name: string): string[] | undefined =>
    Array.isArray(cors[name]) ? (cors[name] as unknown[]).map(String) : undefined;
  return {
    allowOrigins: texts("AllowOrigins"),
    allowMethods: texts("AllowMethods"),
    allowHeaders: texts("AllowHeaders"),
    exposeHeaders: texts("ExposeHeaders"),
    ...(typeof cors["AllowCredentials"] === "boolean" && { allowCredentials: cors["AllowCredentials"] }),
    ...(typeof cors["MaxAge"] === "number" && { maxAge: cors["MaxAge"] }),
  };
}
