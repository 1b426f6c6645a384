// A tar file of a few regular files (POSIX ustar), the same bytes for the same input: root's, from 1970.

/** `files`: `[{ path, mode, bytes }]`, paths of 100 ASCII characters at most; a path that ends in `/` is a folder. */
export function tarOf(files) {
  const pieces = files.flatMap(({ path, mode, bytes = Buffer.alloc(0) }) => [
    header(path, mode, bytes.length),
    bytes,
    Buffer.alloc(-bytes.length & 511),
  ]);
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

function header(path, mode, size) {
  if (!/^[\x21-\x7e]{1,100}$/.test(path)) throw new Error(`no path for a tar file: ${path}`);
  const block = Buffer.alloc(512);
  const octal = (value, at, length) => block.write(value.toString(8).padStart(length - 1, "0"), at);
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // user
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // time
  block.write("        ", 148); // the sum is taken over spaces in its own place
  block.write(path.endsWith("/") ? "5" : "0", 156);
  block.write("ustar\x0000", 257, "latin1");
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  block[155] = 0x20;
  return block;
}
