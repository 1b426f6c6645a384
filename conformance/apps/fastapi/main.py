"""LWA's example of a streaming FastAPI app, with a story of its own in place of a model's."""

import asyncio
import os
import socket

import uvicorn
from fastapi import FastAPI
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import BaseModel

app = FastAPI()


@app.get("/")
async def root():
    return RedirectResponse(url="/demo/")


class Story(BaseModel):
    topic: str | None = None


@app.post("/api/story")
def api_story(story: Story):
    if story.topic is None or story.topic == "":
        return None
    return StreamingResponse(tell(story.topic), media_type="text/html")


async def tell(topic: str):
    for piece in ["Once upon a time ", "there was ", topic, ", ", "žluťoučký ", "🌍", "\n"]:
        yield piece
        # Lets the server write: each piece is a chunk of its own.
        await asyncio.sleep(0)


@app.get("/bytes")
async def some_bytes():
    return Response(bytes(range(256)), media_type="application/octet-stream")


@app.get("/cookies")
async def cookies():
    response = Response("baked", media_type="text/plain")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


@app.get("/empty", status_code=204)
async def empty():
    return Response(status_code=204)


@app.get("/items/{item}")
async def item(item: str, q: str | None = None):
    return {"item": item, "q": q}


if __name__ == "__main__":
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", int(os.environ.get("PORT", "8080"))))
    print(f"Listening on http://127.0.0.1:{server.getsockname()[1]}/", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[server])
