/** What every `Platform` must do, whichever engine it runs on. Each has a test file that calls this. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Connection, Platform } from "../src/platform.ts";
import { decompressed, decompressedWhole } from "./decompress.ts";
import { listen, startRawApp } from "./raw-app.ts";
import type { RawApp, RawConnection } from "./raw-app.ts";
import { eventually, gate, turns } from "./wait.ts";

export function describePlatform(name: string, platform: Platform): void {
  describe(`${name}: Connection`, () => {
    let peer: RawApp;
    const ours: Connection[] = [];

    afterEach(async () => {
      for (const connection of ours.splice(0)) connection.close();
      await peer.close();
    });

    /** A connection and the peer's end of it. */
    async function connected(
      options: Parameters<typeof startRawApp>[1] = {},
    ): Promise<{ ours: Connection; theirs: RawConnection }> {
      peer = await startRawApp(() => {}, options);
      const connection = await platform.connect({ host: options.host ?? "127.0.0.1", port: peer.port });
      ours.push(connection);
      return { ours: connection, theirs: await eventually(() => peer.connections[0]) };
    }

    it("reads what arrived, in order, never an empty piece, and null at the end", async () => {
      const { ours, theirs } = await connected();
      const sent = randomBytes(200_000);
      for (let at = 0; at < sent.length; at += 777) theirs.socket.write(sent.subarray(at, at + 777));
      theirs.socket.end();
      const pieces = await readAll(ours);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
      expect(Buffer.concat(pieces).equals(sent)).toBe(true);
      expect(await ours.read()).toBeNull();
    });

    it("reads on after a long time without a read", async () => {
      const { ours, theirs } = await connected();
      theirs.socket.write("one");
      theirs.socket.end("two");
      await turns(20);
      expect(Buffer.concat(await readAll(ours)).toString()).toBe("onetwo");
    });

    it("reads null when the peer closes while a read is waiting", async () => {
      const { ours, theirs } = await connected();
      const read = ours.read();
      theirs.socket.end();
      expect(await read).toBeNull();
    });

    it("reads null from a waiting read, and ever after, when it is closed", async () => {
      const { ours, theirs } = await connected();
      const waiting = ours.read();
      ours.close();
      expect(await waiting).toBeNull();
      expect(await ours.read()).toBeNull();
      await eventually(() => theirs.socket.destroyed);
    });

    it("reads null after it is closed, whatever has arrived before", async () => {
      const { ours, theirs } = await connected();
      const more = gate();
      theirs.socket.write("first");
      expect(Buffer.from((await ours.read()) ?? []).toString()).toBe("first");
      theirs.socket.write("second", more.open);
      await more.opened;
      await turns(20);
      ours.close();
      expect(await ours.read()).toBeNull();
    });

    it("fills bytes from a place on, and no further", async () => {
      const { ours, theirs } = await connected();
      const sent = randomBytes(300_000);
      for (let at = 0; at < sent.length; at += 7777) theirs.socket.write(sent.subarray(at, at + 7777));
      const bytes = new Uint8Array(200_010);
      expect(await ours.readInto(bytes, 10)).toBe(true);
      expect(bytes.subarray(0, 10).every((byte) => byte === 0)).toBe(true);
      expect(sent.subarray(0, 200_000).equals(bytes.subarray(10))).toBe(true);
      theirs.socket.end();
      expect(Buffer.concat(await readAll(ours)).equals(sent.subarray(200_000))).toBe(true);
    });

    it("fills nothing behind the end, and tells a reset", async () => {
      const { ours, theirs } = await connected();
      theirs.socket.end("half");
      expect(await ours.readInto(new Uint8Array(8), 0)).toBe(false);
      const again = await platform.connect({ host: "127.0.0.1", port: peer.port });
      const filling = again.readInto(new Uint8Array(8), 0);
      (await eventually(() => peer.connections[1])).socket.resetAndDestroy();
      await expect(filling).rejects.toMatchObject({ code: "ECONNRESET" });
      again.close();
    });

    it("fills nothing more once it is closed", async () => {
      const { ours } = await connected();
      const filling = ours.readInto(new Uint8Array(8), 0);
      ours.close();
      expect(await filling).toBe(false);
      expect(await ours.readInto(new Uint8Array(8), 0)).toBe(false);
    });

    it.each([
      ["sends something", (socket: Socket) => void socket.write("unasked")],
      ["closes its side", (socket: Socket) => void socket.end()],
      ["resets", (socket: Socket) => void socket.resetAndDestroy()],
    ])("tells its guard once when the peer %s", async (_, disturb) => {
      const { ours, theirs } = await connected();
      let calls = 0;
      const told = new Promise<void>((resolve) => {
        ours.guard(() => {
          calls++;
          resolve();
        });
      });
      disturb(theirs.socket);
      await told;
      theirs.socket.destroy();
      await turns(20);
      expect(calls).toBe(1);
    });

    it("tells a guard that comes too late at once", async () => {
      const { ours, theirs } = await connected();
      theirs.socket.end("unasked");
      await turns(20);
      await new Promise<void>((resolve) => ours.guard(resolve));
    });

    it("tells no guard of what is read, nor of its own close", async () => {
      const { ours, theirs } = await connected();
      let calls = 0;
      ours.guard(() => calls++);
      const read = ours.read();
      // Whatever platform it is, it has seen the read by then.
      await ours.write([Buffer.from("ask")]);
      theirs.socket.write("asked");
      expect(Buffer.from((await read) ?? []).toString()).toBe("asked");
      ours.guard(() => calls++);
      ours.close();
      await eventually(() => theirs.socket.destroyed);
      expect(calls).toBe(0);
    });

    it("can be closed again", async () => {
      const { ours, theirs } = await connected();
      ours.close();
      ours.close();
      await eventually(() => theirs.socket.destroyed);
      expect(() => ours.close()).not.toThrow();
    });

    it("rejects a read with a code when the peer resets", async () => {
      const { ours, theirs } = await connected();
      const read = ours.read();
      theirs.socket.resetAndDestroy();
      await expect(read).rejects.toMatchObject({ code: "ECONNRESET" });
    });

    it("rejects a write with a code when it is closed", async () => {
      const { ours } = await connected();
      ours.close();
      await expect(ours.write([Buffer.from("late")])).rejects.toMatchObject({
        code: expect.any(String) as string,
      });
    });

    it("rejects a write with a code when the peer resets, and nobody else hears of it", async () => {
      const { ours, theirs } = await connected();
      theirs.socket.resetAndDestroy();
      const writeOn = async (): Promise<void> => {
        for (;;) await ours.write([Buffer.alloc(1024)]);
      };
      await expect(writeOn()).rejects.toMatchObject({ code: expect.any(String) as string });
      ours.close();
    });

    it("writes several pieces in order, empty ones too", async () => {
      const { ours, theirs } = await connected();
      const parts = ["head\r\n", "", "body", "x".repeat(100_000), "end"];
      const arrived: Buffer[] = [];
      theirs.socket.on("data", (bytes) => arrived.push(bytes));
      await ours.write(parts.map((part) => Buffer.from(part)));
      await ours.write([Buffer.from("next")]);
      const whole = `${parts.join("")}next`;
      await eventually(() => Buffer.concat(arrived).length >= whole.length);
      expect(Buffer.concat(arrived).toString()).toBe(whole);
    });

    it("carries large transfers both ways at once, byte for byte", async () => {
      const { ours, theirs } = await connected({ pauseOnConnect: true });
      const bytes = randomBytes(8 * 1024 * 1024);
      theirs.socket.pipe(theirs.socket);
      const written = ours.write([bytes.subarray(0, 1_000_001), bytes.subarray(1_000_001)]);
      const hash = createHash("sha256");
      for (let length = 0; length < bytes.length;) {
        const piece = (await ours.read()) ?? Buffer.alloc(0);
        expect(piece.length).toBeGreaterThan(0);
        hash.update(piece);
        length += piece.length;
      }
      await written;
      expect(hash.digest("hex")).toBe(createHash("sha256").update(bytes).digest("hex"));
    });

    it("holds a write back while the peer does not read", async () => {
      const { ours, theirs } = await connected({ pauseOnConnect: true });
      let done = false;
      // More than the kernel holds for a connection at its largest.
      const written = Promise.resolve(ours.write([Buffer.alloc(64 * 1024 * 1024)])).then(() => (done = true));
      await turns(50);
      expect(done).toBe(false);
      theirs.socket.resume();
      await written;
    });

    it("holds the peer back while nothing is read, in bounded memory", async () => {
      const { ours, theirs } = await connected();
      const size = 64 * 1024 * 1024;
      const bytes = Buffer.alloc(64 * 1024, "x");
      let taken = 0;
      const push = (): void => {
        if (taken < size)
          theirs.socket.write(bytes, () => {
            taken += bytes.length;
            push();
          });
        else theirs.socket.end();
      };
      push();
      await stable(() => taken);
      expect(taken).toBeLessThan(size / 2);
      let length = 0;
      for (let piece = await ours.read(); piece !== null; piece = await ours.read()) length += piece.length;
      expect(length).toBe(size);
    });

    it("connects to an IPv6 address", async () => {
      const { ours, theirs } = await connected({ host: "::1" });
      const arrived = once(theirs, "data");
      await ours.write([Buffer.from("hello")]);
      const [bytes] = await arrived;
      expect(String(bytes)).toBe("hello");
    });
  });

  describe(`${name}: connect`, () => {
    it("connects to a name", async () => {
      const peer = await startRawApp(({ socket }) => void socket.end("hello"), { host: "localhost" });
      const connection = await platform.connect({ host: "localhost", port: peer.port });
      expect(Buffer.concat(await readAll(connection)).toString()).toBe("hello");
      await peer.close();
    });

    it("rejects with a code when nothing listens", async () => {
      const port = await freePort();
      await expect(platform.connect({ host: "127.0.0.1", port })).rejects.toMatchObject({
        code: "ECONNREFUSED",
      });
      await expect(platform.connect({ host: "localhost", port })).rejects.toMatchObject({
        code: "ECONNREFUSED",
      });
    });

    it("connects to a Unix socket, and carries megabytes both ways over it", async () => {
      const path = join(mkdtempSync(join(tmpdir(), "adapter-")), "app.sock");
      const peer = await startRawApp(({ socket }) => void socket.pipe(socket), { path });
      const connection = await platform.connect({ path });
      const sent = randomBytes(3_000_000);
      const back = new Uint8Array(sent.length);
      const [complete] = await Promise.all([
        connection.readInto(back, 0),
        connection.write([sent.subarray(0, 1), sent.subarray(1)]),
      ]);
      expect(complete).toBe(true);
      expect(sent.equals(back)).toBe(true);
      peer.connections[0]?.socket.end();
      expect(await connection.read()).toBeNull();
      connection.close();
      await peer.close();
    });

    it("rejects with a code when there is no Unix socket, or nothing listens at it", async () => {
      const directory = mkdtempSync(join(tmpdir(), "adapter-"));
      const path = join(directory, "app.sock");
      await expect(platform.connect({ path })).rejects.toMatchObject({ code: "ENOENT" });
      writeFileSync(path, "");
      await expect(platform.connect({ path })).rejects.toMatchObject({ code: "ECONNREFUSED" });
      rmSync(directory, { recursive: true });
    });

    it("rejects with a code when the name is not known", async () => {
      const host = "no-such-host.invalid";
      await expect(platform.connect({ host, port: 1 })).rejects.toMatchObject({
        code: expect.stringMatching(/^E/) as string,
      });
    });
  });

  describe.each(["gzip", "br"] as const)(`${name}: compression with %s`, (coding) => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 400 }), { maxLength: 8 });

    it("of a whole is read by any other implementation as the same bytes", async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
          const whole = await platform.compress(coding, bytes);
          expect(decompressedWhole(coding, whole).equals(bytes)).toBe(true);
        }),
        { numRuns: 50 },
      );
    });

    it("of a whole makes text smaller, megabytes too, and several at a time", async () => {
      const texts = [1, 2, 3].map((n) => Buffer.from(`{"n":${n}},`.repeat(200_000)));
      const all = await Promise.all(texts.map((text) => platform.compress(coding, text)));
      for (const [at, bytes] of all.entries()) {
        expect(bytes.length).toBeLessThan(20_000);
        expect(decompressedWhole(coding, bytes).equals(texts[at] ?? Buffer.alloc(0))).toBe(true);
      }
    });

    it("piece by piece gives each piece complete before the next is written, whatever the split", async () => {
      await fc.assert(
        fc.asyncProperty(pieces, async (given) => {
          const compressor = platform.compressor(coding);
          let written = Buffer.alloc(0);
          let output = Buffer.alloc(0);
          for (const piece of given) {
            written = Buffer.concat([written, piece]);
            output = Buffer.concat([output, await compressor.write(piece)]);
            expect(decompressed(coding, output).equals(written)).toBe(true);
          }
          output = Buffer.concat([output, await compressor.end()]);
          expect(decompressedWhole(coding, output).equals(written)).toBe(true);
        }),
        { numRuns: 50 },
      );
    });

    it("piece by piece takes pieces larger than any buffer within", async () => {
      const compressor = platform.compressor(coding);
      const large = randomBytes(3_000_000);
      const first = await compressor.write(large);
      expect(decompressed(coding, first).equals(large)).toBe(true);
      const whole = Buffer.concat([first, await compressor.write(large), await compressor.end()]);
      expect(decompressedWhole(coding, whole).equals(Buffer.concat([large, large]))).toBe(true);
    });

    it("piece by piece of nothing is a whole of nothing", async () => {
      expect(decompressedWhole(coding, await platform.compressor(coding).end())).toHaveLength(0);
    });

    it("piece by piece may be left before its end", async () => {
      const left = platform.compressor(coding);
      await left.write(Buffer.from("half"));
      const other = platform.compressor(coding);
      expect(decompressed(coding, await other.write(Buffer.from("other"))).toString()).toBe("other");
    });
  });

  describe(`${name}: run`, () => {
    it("tells the exit status, and hands every argument over as it is", async () => {
      expect(await platform.run(["sh", "-c", 'test "$0" = "a b;\'c\'" && exit 7', "a b;'c'"])).toBe(7);
      expect(await platform.run(["true"])).toBe(0);
    });

    it("tells a signal as 128 and its number", async () => {
      expect(await platform.run(["sh", "-c", "kill -9 $$"])).toBe(137);
    });

    it("runs several at a time", async () => {
      const statuses = [1, 2, 3].map((status) => platform.run(["sh", "-c", `exit ${status}`]));
      expect(await Promise.all(statuses)).toEqual([1, 2, 3]);
    });

    it("rejects with a code when there is no such program, or it is none", async () => {
      await expect(platform.run(["/no/such/program"])).rejects.toMatchObject({ code: "ENOENT" });
      await expect(platform.run(["/"])).rejects.toMatchObject({ code: "EACCES" });
    });
  });

  describe(`${name}: after and now`, () => {
    it("calls the action once, not before its time, and tells the time on both clocks", async () => {
      const before = platform.now();
      let calls = 0;
      await new Promise<void>((resolve) => {
        platform.after(20, () => {
          calls++;
          resolve();
        });
      });
      const after = platform.now();
      // Timers may count from the start of the turn they were set in, a millisecond ago.
      expect(after.monotonic - before.monotonic).toBeGreaterThanOrEqual(18);
      expect(Math.abs(after.wall - Date.now())).toBeLessThan(60_000);
      await turns(10);
      expect(calls).toBe(1);
    });

    it("does not call an action that was taken off", async () => {
      let calls = 0;
      const cancel = platform.after(1, () => calls++);
      cancel();
      cancel();
      await new Promise<void>((resolve) => void platform.after(5, resolve));
      expect(calls).toBe(0);
    });

    it.each([2 ** 31, 3e9, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY])(
      "does not take %d ms for none at all",
      async (ms) => {
        let calls = 0;
        const cancel = platform.after(ms, () => calls++);
        await new Promise<void>((resolve) => void platform.after(5, resolve));
        cancel();
        expect(calls).toBe(0);
      },
    );
  });
}

async function readAll(connection: Connection): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for (let piece = await connection.read(); piece !== null; piece = await connection.read())
    pieces.push(piece);
  return pieces;
}

function once({ socket }: RawConnection, event: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    socket.once(event, (...values: unknown[]) => resolve(values));
  });
}

/** Resolves when a number has not changed for a good many turns. */
async function stable(look: () => number): Promise<void> {
  for (let last = -1; last !== look();) {
    last = look();
    await turns(50);
  }
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, 0, "127.0.0.1");
  await new Promise((resolve) => server.close(resolve));
  return port;
}
