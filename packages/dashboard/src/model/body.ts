/** The body inside an answer for an HTTP front door. Pure. */

export interface Body {
  readonly text: string;
  readonly contentType?: string;
  /** As a data URL, when it is an image. */
  readonly image?: string;
}

/** `undefined` when the answer is none for HTTP. `streamed`: a prelude, eight NULs, then the body. */
export function bodyOf(answer: string, streamed: boolean): Body | undefined {
  const end = streamed ? answer.indexOf("\0") : answer.length;
  const document = end < 0 ? undefined : parsed(answer.slice(0, end));
  if (typeof document !== "object" || document === null || !("statusCode" in document)) return undefined;
  const { body, isBase64Encoded, headers, multiValueHeaders } = document as Answer;
  const contentType = typeOf(headers) ?? typeOf(multiValueHeaders);
  const typed = contentType === undefined ? {} : { contentType };
  if (streamed) return { ...typed, text: answer.slice(end).replace(/^\0+/, "") };
  const text =
    typeof body === "string" ? body : body === undefined || body === null ? "" : JSON.stringify(body);
  if (isBase64Encoded !== true) return { ...typed, text };
  if (contentType?.startsWith("image/") === true) {
    const image = `data:${contentType.replace(/[^\w/+.-].*/, "")};base64,${text}`;
    return { ...typed, text, image };
  }
  return { ...typed, text: decoded(text) };
}

interface Answer {
  readonly body?: unknown;
  readonly isBase64Encoded?: unknown;
  readonly headers?: unknown;
  readonly multiValueHeaders?: unknown;
}

function typeOf(headers: unknown): string | undefined {
  if (typeof headers !== "object" || headers === null) return undefined;
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== "content-type") continue;
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === "string" ? first : undefined;
  }
  return undefined;
}

function decoded(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
  } catch {
    return base64;
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
