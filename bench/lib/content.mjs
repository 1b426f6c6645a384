// Bodies that two processes can make without telling each other more than three numbers.

/** Numbers that are random enough, and the same for the same seed. */
export function randomOf(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

const span = 1 << 20;
const noise = Buffer.alloc(2 * span);
const words = Buffer.alloc(2 * span);
const random = randomOf(20_261_124);
const letters = "etaoin shrdlu, cmfwyp vbgkjq. xz 0123456789-_/<>&";
for (let i = 0; i < noise.length; i++) {
  noise[i] = random();
  words[i] = letters.charCodeAt(random() % letters.length);
}

/** `size` bytes (1 MB at most) from `from` on, of text or of noise that is no text. */
export function content({ size, from, text }) {
  const start = from % span;
  return (text ? words : noise).subarray(start, start + size);
}
