/** Keeps what a caller proves himself with out of what is told. */

/**
 * The text without the secrets, and without what stands behind their scheme (`Bearer …`). What is short is taken out where it
 * is a word: letters of it stand everywhere.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const all = secrets.flatMap((secret) => [secret, secret.replace(/^\S+\s+/, "")]);
  // The longest first: a part that is taken out before would leave the rest.
  const found = all.filter((one) => one !== "").toSorted((a, b) => b.length - a.length);
  return found.reduce((left, one) => left.replaceAll(patternOf(one), mask), text);
}

const mask = "•••";
const short = 8;

function patternOf(secret: string): RegExp {
  const literal = secret.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  return new RegExp(secret.length < short ? `(?<!\\w)${literal}(?!\\w)` : literal, "g");
}
