"""What people write: FastAPI; each request verifies, inserts and commits with aiosqlite, then answers.

One connection for the whole application, opened at start: a new one for each request, which is also common, is slower.
"""

import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import aiosqlite
from fastapi import FastAPI, Header, HTTPException, Request

SECRET = os.environ["GITHUB_SECRET"].encode()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with aiosqlite.connect("events.db") as db:
        await db.execute("PRAGMA journal_mode = WAL")
        await db.execute("PRAGMA synchronous = FULL")
        await db.execute(
            "CREATE TABLE IF NOT EXISTS events ("
            "delivery TEXT PRIMARY KEY, event TEXT NOT NULL, payload TEXT NOT NULL,"
            " received TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
        )
        await db.commit()
        app.state.db = db
        yield


app = FastAPI(lifespan=lifespan)


@app.post("/webhooks/github")
async def receive(
    request: Request,
    x_github_delivery: Annotated[str, Header()],
    x_github_event: Annotated[str, Header()],
    x_hub_signature_256: Annotated[str, Header()] = "",
) -> dict[str, str]:
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, x_hub_signature_256):
        raise HTTPException(403, "wrong signature")
    db: aiosqlite.Connection = request.app.state.db
    await db.execute(
        "INSERT INTO events (delivery, event, payload) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (x_github_delivery, x_github_event, body.decode()),
    )
    await db.commit()
    return {"status": "accepted"}
