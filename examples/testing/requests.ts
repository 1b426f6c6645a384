/**
 * What the examples are asked: every route both apps have, as data, with targets and bodies that have broken
 * other adapters. A request is sent exactly as it stands here.
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";

export interface ExampleRequest {
  /** Names the test. */
  readonly name: string;
  readonly method: string;
  /** Request target, percent-encoding and all; never parsed on the way. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  /** Send the body in chunks, without a length. */
  readonly chunked?: boolean;
  /** Adds `If-None-Match` with the ETag the app itself gives for this request's target. */
  readonly revalidate?: boolean;
  /** What the body means: by default bytes that must not change; else the headers the app saw, as JSON. */
  readonly answers?: "headers-seen";
}

type More = Partial<Omit<ExampleRequest, "name" | "method" | "target">>;

function ask(method: string, target: string, name: string, more: More = {}): ExampleRequest {
  return { name: `${method} ${name}`, method, target, headers: [], ...more };
}

function sending(type: string | undefined, body: string | Uint8Array, more: More = {}): More {
  return {
    ...more,
    headers: [...(type === undefined ? [] : [["content-type", type] as const]), ...(more.headers ?? [])],
    body: typeof body === "string" ? Buffer.from(body) : body,
  };
}

const json = "application/json";
const form = "application/x-www-form-urlencoded";
const bytes = "application/octet-stream";
const everyByte = Uint8Array.from({ length: 256 }, (_, value) => value);

/** Bytes that do not compress and are not UTF-8, always the same. */
function noise(length: number): Uint8Array {
  const out = new Uint8Array(length);
  let state = 0x2545f491;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[at] = state & 255;
  }
  return out;
}

const boundary = "----example7MA4YWxkTrZu0gW";

function multipart(fileName: string, type: string, content: Uint8Array, note: string): Uint8Array {
  return Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\n${note}\r\n`),
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${fileName}"\r\n`),
    Buffer.from(`Content-Type: ${type}\r\n\r\n`),
    content,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

function uploading(fileName: string, type: string, content: Uint8Array, note = ""): More {
  return sending(`multipart/form-data; boundary=${boundary}`, multipart(fileName, type, content, note));
}

const pages: ExampleRequest[] = [
  ask("GET", "/", "the page"),
  ask("HEAD", "/", "the page"),
  ask("GET", "/json", "nested JSON"),
  ask("HEAD", "/json", "nested JSON"),
  ask("GET", "/text", "UTF-8 text"),
  ask("GET", "/latin1", "ISO-8859-1 text"),
  ask("GET", "/picture.png", "a picture"),
  ask("HEAD", "/picture.png", "a picture"),
  ask("GET", "/picture.png", "a picture already known", { revalidate: true }),
  ask("GET", "/picture.png", "a picture with another ETag", { headers: [["if-none-match", '"other"']] }),
  ask("GET", "/picture.png", "part of a picture", { headers: [["range", "bytes=100-299"]] }),
  ask("GET", "/picture.png", "a part beyond the picture", { headers: [["range", "bytes=999999-"]] }),
  ask("GET", "/vary", "repeated response headers"),
  ask("GET", "/slow?ms=150", "a slow answer"),
];

const statuses: ExampleRequest[] = [
  ask("GET", "/redirect", "a redirect"),
  ask("GET", "/empty", "nothing"),
  ask("GET", "/teapot", "a teapot"),
  ask("GET", "/error", "a route that throws"),
  ask("GET", "/nowhere", "an unknown path"),
  ask("HEAD", "/nowhere", "an unknown path"),
  ask("DELETE", "/json", "a method that is not served"),
  ask("OPTIONS", "/json", "what a route can do"),
  ask("OPTIONS", "/products/1", "a preflight", {
    headers: [
      ["origin", "https://shop.example"],
      ["access-control-request-method", "PUT"],
      ["access-control-request-headers", "content-type,x-token"],
    ],
  }),
];

const product = (rest: string, name: string): ExampleRequest =>
  ask("GET", `/products/${rest}`, `a product ${name}`);

const targets: ExampleRequest[] = [
  product("7", "without query"),
  product("7?", "with an empty query"),
  product("a%2Fb%20c?x=1&x=2&y=%C3%BC&z=a+b&flag", "with an encoded slash, repeated keys, plus and a flag"),
  product("%E6%9D%B1%E4%BA%AC", "with UTF-8 in its address"),
  product("a%2fb%2Bc+d%25e", "with lower-case escapes, plus and percent"),
  product("a;b=c@d:e,f'g(h)*i!j$k&l=m~n", "with every sub-delimiter in its address"),
  product("x%Fy", "with a broken escape in its address"),
  product("%FF%FE", "with bytes that are not UTF-8 in its address"),
  product("7?b=2&a=1&b=1&a=2", "with interleaved repeated keys"),
  product("7?a=1&&b=2&", "with empty pairs"),
  product("7?=v&k=&k&=", "with empty keys and values"),
  product("7?q=a?b/c:d@e", "with a question mark in the query"),
  product("7?a=1,2&a=3%2C4", "with commas in the query"),
  product("7?p=100%25&q=%&r=%zz", "with percent signs in the query"),
  product("7?x[]=1&x[]=2&o={%22k%22:[1]}|^`", "with brackets and braces in the query"),
  product("7?n=%00%0A%0D", "with control characters in the query"),
  product(`7?long=${"0123456789".repeat(300)}`, "with 3,000 characters of query"),
  ask("GET", "//products/7", "a path that begins with two slashes"),
  ask("GET", "/products//7", "a path with two slashes"),
  ask("GET", "/products/../json", "a path with dot segments"),
  ask("GET", "/products/%2e%2e/json", "a path with encoded dot segments"),
  ask("GET", "/products/7/", "a path that ends with a slash"),
  ask("GET", "/JSON", "a path in capitals"),
];

const writes: ExampleRequest[] = [
  ask("PUT", "/products/7", "a product", sending(json, '{"name":"Žába","price":1e2}')),
  ask("PATCH", "/products/a%2Fb", "a product", sending(json, '{"price":null}')),
  ask("DELETE", "/products/7?soft=1", "a product"),
  ask(
    "POST",
    "/json",
    "JSON",
    sending(json, '{"a":[1,2.5,"ü",null,true],"b":{"c":"\\u0000 \\ud83c\\udf0d 🌍"}}'),
  ),
  ask(
    "POST",
    "/json",
    "JSON with a charset",
    sending(`${json}; charset=UTF-8`, '  {"spaces" : "kept out"}\n'),
  ),
  ask("POST", "/json", "JSON that is no object", sending(json, '"text"')),
  ask("POST", "/json", "broken JSON", sending(json, '{"a":')),
  ask(
    "POST",
    "/json",
    "JSON of a million characters",
    sending(json, JSON.stringify({ long: "aé東".repeat(333_333) })),
  ),
  ask("POST", "/json", "JSON in chunks", sending(json, '{"chunked":true}', { chunked: true })),
  ask(
    "POST",
    "/form",
    "a form",
    sending(form, "name=Ada+Lovelace&tag=a%2Bb&tag=100%25&city=%E6%9D%B1%E4%BA%AC&empty=&flag"),
  ),
  ask("POST", "/form", "an empty form", sending(form, "")),
];

const uploads: ExampleRequest[] = [
  ask(
    "POST",
    "/upload",
    "a text file",
    uploading("notes.txt", "text/plain", Buffer.from("one\r\ntwo\r\n"), "a note"),
  ),
  ask("POST", "/upload", "every byte, with a name in UTF-8", uploading("žába 東.bin", bytes, everyByte, "ü")),
  ask("POST", "/upload", "an empty file", uploading("empty.txt", "text/plain", new Uint8Array())),
  ask("POST", "/upload", "1 MiB", uploading("noise.bin", bytes, noise(1024 * 1024))),
  ask("POST", "/upload", "no file", sending(form, "a=1")),
];

const raws: ExampleRequest[] = [
  ask("POST", "/raw", "every byte", sending(bytes, everyByte)),
  ask("POST", "/raw", "every byte called text", sending("text/plain", everyByte)),
  ask("POST", "/raw", "every byte called JSON", sending(json, everyByte)),
  ask("POST", "/raw", "every byte without a type", sending(undefined, everyByte)),
  ask("POST", "/raw", "UTF-8 text", sending("text/plain; charset=utf-8", "řeka\r\n\t東京 🌍\n")),
  ask("POST", "/raw", "text with a byte order mark", sending("text/csv", "\uFEFFa;b\r\n1;2\r\n")),
  ask(
    "POST",
    "/raw",
    "text with control characters",
    sending("text/plain", "nul \0 esc \u001B del \u007F\v\f"),
  ),
  ask(
    "POST",
    "/raw",
    "ISO-8859-1 text",
    sending("text/plain; charset=iso-8859-1", Buffer.from("Köln ½", "latin1")),
  ),
  ask("POST", "/raw", "an unusual type", sending('application/vnd.shop+json; profile="a; b"', '{"a":1}')),
  ask("POST", "/raw", "nothing", sending(bytes, "")),
  ask("POST", "/raw", "one zero byte", sending(bytes, new Uint8Array(1))),
  ask("POST", "/raw", "2 MiB", sending(bytes, noise(2 * 1024 * 1024))),
  ask("POST", "/raw", "bytes in chunks", sending(bytes, noise(70_000), { chunked: true })),
  ask(
    "POST",
    "/raw",
    "a compressed body",
    sending("text/plain", gzipSync("compressed ".repeat(50)), {
      headers: [["content-encoding", "gzip"]],
    }),
  ),
];

const cookies: ExampleRequest[] = [
  ask("POST", "/login", "a name, two cookies back", sending(form, "name=Ada+L%C3%B8velace")),
  ask("POST", "/login", "no name", sending(form, "")),
  ask("GET", "/me", "without cookies"),
  ask("GET", "/me", "with two cookies", { headers: [["cookie", "user=Ada%20Lovelace; theme=dusk"]] }),
  ask("GET", "/me", "with odd cookies", {
    headers: [["cookie", 'a="quoted, with comma"; b=x=y==; c=; d=1; d=2']],
  }),
];

const headers: ExampleRequest[] = [
  ask("GET", "/headers", "few headers", { answers: "headers-seen" }),
  ask("GET", "/headers", "many headers", {
    answers: "headers-seen",
    headers: [
      ["accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"],
      ["accept-encoding", "gzip, br"],
      ["accept-language", "cs,en;q=0.5"],
      ["authorization", "Bearer abc.def.ghi"],
      ["cache-control", "no-cache"],
      ["cookie", "a=1; b=2"],
      ["if-modified-since", "Wed, 21 Oct 2015 07:28:00 GMT"],
      ["origin", "https://shop.example"],
      ["referer", "https://shop.example/a?b=c"],
      ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) examples/1.0"],
      ["X-Mixed-Case", "Kept As It Is"],
      ["x-quoted", 'a "b, c" d'],
      ["x-long", "0123456789".repeat(400)],
    ],
  }),
  ask("GET", "/headers", "a repeated header", {
    answers: "headers-seen",
    headers: [
      ["x-tag", "one"],
      ["x-other", "between"],
      ["x-tag", "two, three"],
    ],
  }),
  ask("GET", "/headers", "an empty header", { answers: "headers-seen", headers: [["x-empty", ""]] }),
];

export const exampleRequests: readonly ExampleRequest[] = [
  ...pages,
  ...statuses,
  ...targets,
  ...writes,
  ...uploads,
  ...raws,
  ...cookies,
  ...headers,
];
