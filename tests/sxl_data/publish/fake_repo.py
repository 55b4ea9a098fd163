"""One dataset repository of the fake Hub: commits, tags, and what its API says of them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

Tree = dict[str, "bytes | str"]
"""Content of small files; of large ones the oid."""


class Repo:
    def __init__(self, private: bool) -> None:
        self.private = private
        self.commits: list[tuple[str, Tree]] = []
        self.tags: dict[str, str] = {}
        self.pushed: dict[str, str] = {}
        self.storage = ""
        """Address of the Hub's own storage (xet), where files are to go there."""
        self.add({".gitattributes": b"*.parquet filter=lfs\n"})

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    def add(self, tree: Tree) -> str:
        oid = hashlib.sha1(repr((len(self.commits), sorted(tree.items()), self.commits[-1:])).encode()).hexdigest()
        self.commits.append((oid, tree))
        return oid

    def at(self, revision: str) -> Tree:
        oid = self.head if revision == "main" else self.tags.get(revision, revision)
        return dict(self.commits)[oid]

    def answer(self, method: str, rest: str, body: bytes, store: dict[str, bytes], url: str) -> tuple[int, Any]:
        what, _, of = rest.partition("/")
        said = json.loads(body) if body and what not in ("commit",) else {}
        if method == "GET" and what in ("", "revision"):
            names = [{"rfilename": name} for name in self.at(of or "main")]
            return 200, {"id": "me/x", "sha": self.head, "private": self.private, "siblings": names, "tags": []}
        if what == "preupload":
            return 200, {"files": [self._mode(entry) for entry in said["files"]]}
        if rest == "info/lfs/objects/batch" and self.storage:
            return 200, {
                "transfer": "xet",
                "objects": [{**item, "actions": {"upload": {"href": url}}} for item in said["objects"]],
            }
        if rest.startswith("xet-write-token"):
            return 200, {"casUrl": self.storage, "accessToken": "toy", "exp": 2**33}
        if rest == "info/lfs/objects/batch":
            return 200, {"transfer": "basic", "objects": [_action(item, store, url) for item in said["objects"]]}
        if what == "commit":
            return self._commit(body, store, url)
        if what == "tag" and method == "POST":
            if said["tag"] in self.tags:
                return 409, {"error": "Tag already exists"}
            self.tags[said["tag"]] = self.head if of == "main" else of
            return 200, {}
        if what == "tag":
            return (200, {}) if self.tags.pop(of, None) else (404, {"error": "no such tag"})
        if what == "refs":
            tags = [{"name": t, "ref": f"refs/tags/{t}", "targetCommit": c} for t, c in self.tags.items()]
            return 200, {"branches": [], "converts": [], "tags": tags}
        if what == "commits":
            return 200, [
                {"id": oid, "title": "t", "message": "", "date": "2026-01-01T00:00:00.000Z", "authors": []}
                for oid, _ in reversed(self.commits)
            ]
        if what == "super-squash":
            tree = self.commits[-1][1]
            self.commits = []
            self.add(tree)
            return 200, {}
        if rest == "lfs-files":
            return 200, [
                {"fileOid": oid, "filename": name, "oid": oid, "pushedAt": "2026-01-01T00:00:00.000Z", "size": 1}
                for oid, name in self.pushed.items()
            ]
        if rest == "lfs-files/batch":
            for oid in said["deletions"]["sha"]:
                del self.pushed[oid], store[oid]
            return 200, {}
        if what == "settings":
            self.private = said["visibility"] == "private"
            return 200, {}
        if what == "resolve":
            revision, _, name = of.partition("/")
            data = self.at(revision)[name]
            return 200, store[data] if isinstance(data, str) else data
        raise AssertionError(f"the fake Hub does not know {method} {rest}")

    def _mode(self, entry: dict[str, Any]) -> dict[str, Any]:
        old = self.commits[-1][1].get(entry["path"])
        large = entry["path"].endswith(".parquet")
        oid = old if isinstance(old, str) or old is None else hashlib.sha1(b"blob %d\0" % len(old) + old).hexdigest()
        return {"path": entry["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}

    def _commit(self, body: bytes, store: dict[str, bytes], url: str) -> tuple[int, Any]:
        tree = dict(self.commits[-1][1])
        for line in body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header" and value.get("parentCommit") not in (None, self.head):
                return 412, {"error": "A commit has happened since. Please refresh and try again."}
            if key == "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                if value["oid"] not in store:
                    return 400, {"error": f"LFS object {value['oid']} was never uploaded"}
                tree[value["path"]] = value["oid"]
                self.pushed[value["oid"]] = value["path"]
            elif key == "deletedFile":
                del tree[value["path"]]
        oid = self.add(tree)
        return 200, {"commitUrl": f"{url}/datasets/me/x/commit/{oid}", "commitOid": oid}


def _action(item: dict[str, Any], store: dict[str, bytes], url: str) -> dict[str, Any]:
    if item["oid"] in store:
        return item
    return {**item, "actions": {"upload": {"href": f"{url}/lfs/{item['oid']}", "header": {}}}}
