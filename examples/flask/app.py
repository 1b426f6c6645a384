"""A small shop with Flask."""

import hashlib
import os
import platform
import signal
import sys
import time
from datetime import datetime, timezone
from importlib.metadata import version
from urllib.parse import parse_qsl

from flask import Flask, Response, g, jsonify, redirect, render_template, request
from waitress import create_server

app = Flask(__name__)
app.json.ensure_ascii = False
app.json.sort_keys = False
app.config["MAX_CONTENT_LENGTH"] = 20 * 1024 * 1024


@app.before_request
def start_clock():
    g.begin = time.perf_counter()


@app.after_request
def log_request(response):
    ms = (time.perf_counter() - g.begin) * 1000
    print(f"{request.method} {request.full_path.rstrip('?')} {response.status_code} {ms:.1f} ms", flush=True)
    return response


@app.get("/")
def index():
    return render_template(
        "index.html",
        framework=f"Flask {version('flask')}",
        runtime=f"Python {platform.python_version()}",
    )


@app.get("/picture.png")
def picture():
    return app.send_static_file("picture.png")


@app.get("/json")
def get_json():
    return jsonify(
        shop="Příliš žluťoučký kůň",
        address={
            "street": "Große Straße 7",
            "city": "東京",
            "tags": ["ünïcödé", "🌍", 'q"uote', "back\\slash"],
        },
        open={"monday": [9.5, 18], "sunday": None},
        stock=12345678901,
        nested={"deeper": {"still": {"empty": {}, "list": [[], [1, [2]]]}}},
    )


@app.post("/json")
def post_json():
    return jsonify(received=request.get_json())


# `path:` because an encoded slash in the address (`a%2Fb`) is a slash by the time Flask looks at it.
@app.get("/products/<path:id>")
def get_product(id):
    raw = request.query_string.decode("latin-1")
    return jsonify(id=id, query=parse_qsl(raw, keep_blank_values=True), raw=raw)


@app.put("/products/<path:id>")
def put_product(id):
    return jsonify(id=id, saved=request.get_json())


@app.patch("/products/<path:id>")
def patch_product(id):
    return jsonify(id=id, changed=request.get_json())


@app.delete("/products/<path:id>")
def delete_product(id):
    return "", 204


@app.post("/form")
def form():
    return jsonify(fields=list(request.form.items(multi=True)))


@app.post("/upload")
def upload():
    file = request.files.get("file")
    if file is None:
        return jsonify(error='Send one file in the field "file"'), 400
    content = file.read()
    return jsonify(
        name=file.filename,
        type=file.mimetype,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        note=request.form.get("note"),
    )


@app.post("/raw")
def raw():
    return Response(request.get_data(), content_type=request.content_type or "application/octet-stream")


@app.get("/redirect")
def go_home():
    return redirect("/")


@app.post("/login")
def login():
    response = redirect("/me", code=303)
    response.set_cookie("user", request.form.get("name") or "stranger", httponly=True, samesite="Lax")
    response.set_cookie("theme", "dusk", expires=datetime(2038, 1, 19, 3, 14, 7, tzinfo=timezone.utc))
    return response


@app.get("/me")
def me():
    return jsonify(cookies=request.cookies)


@app.get("/text")
def text():
    return Response("Grüße aus Köln, žluťoučký kůň, 東京, 🌍\n", content_type="text/plain; charset=utf-8")


@app.get("/latin1")
def latin1():
    body = "Grüße aus Köln: ½ £ ÿ\n".encode("iso-8859-1")
    return Response(body, content_type="text/plain; charset=iso-8859-1")


@app.get("/headers")
def headers():
    return jsonify(headers={name.lower(): value for name, value in request.headers.items()})


@app.get("/vary")
def vary():
    response = jsonify(varies=True)
    response.headers.add("Link", '</picture.png>; rel="preload"; as="image"')
    response.headers.add("Link", '</me>; rel="next"; title="who, me?"')
    response.headers.add("Vary", "Accept-Language")
    response.headers.add("Vary", "Cookie")
    return response


@app.get("/empty")
def empty():
    return "", 204


@app.get("/teapot")
def teapot():
    return jsonify(error="I'm a teapot", brew="Earl Grey"), 418


@app.get("/error")
def error():
    raise RuntimeError("This route always fails")


@app.get("/slow")
def slow():
    ms = min(max(request.args.get("ms", default=0, type=int), 0), 10_000)
    time.sleep(ms / 1000)
    return jsonify(waited=ms)


def main():
    host = os.environ.get("HOST", "127.0.0.1")
    port = int(os.environ.get("PORT", "8080"))
    try:
        server = create_server(app, host=host, port=port)
    except OSError as error:
        sys.exit(f"Cannot listen on {host}:{port}: {error.strerror}")

    def close(number, frame):
        print(f"{signal.Signals(number).name}: closing", flush=True)
        # Waitress ends its loop and its threads on SystemExit.
        raise SystemExit(0)

    signal.signal(signal.SIGINT, close)
    signal.signal(signal.SIGTERM, close)
    print(f"Listening on http://{host}:{server.effective_port}/", flush=True)
    server.run()


if __name__ == "__main__":
    main()
