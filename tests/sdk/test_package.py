"""`make sdk`: the package can be installed, and TypeScript knows its types; they are made from today's documents."""

import subprocess
from pathlib import Path

from tests.support.packages import node, npm_installed
from web.pack import TOOLS, pack

_USE = """
import { ApiError, FileStorage, Messenger } from "messenger-sdk";

export async function first(url: string): Promise<string | null> {
  const storage = new FileStorage("kept");
  const me = await Messenger.login(url, { username: "maria", password: "correct horse" }, { storage });
  me.on("message", ({ chat, message }) => console.log(chat.name, message.content, message.expiresAt?.length));
  for await (const message of me.chats[0].history()) return message.attachments[0].filename;
  // @ts-expect-error There is no such field.
  me.chats[0].data.colour;
  // @ts-expect-error There is no such event.
  me.on("massage", () => undefined);
  return new ApiError({ status: 404 }).code;
}
"""
_STRICT = ("--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext")


def test_it_is_installed_and_its_types_hold(tmp_path: Path) -> None:
    node()
    tools = npm_installed(TOOLS)
    archive = pack(tmp_path / "built", tools)
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text('{"type": "module"}')
    _run("npm", "install", "--offline", "--no-audit", "--no-fund", str(archive), where=project)
    (project / "use.ts").write_text(_USE)
    _run(str(tools / "node_modules" / ".bin" / "tsc"), *_STRICT, "use.ts", where=project)
    _run(node(), "--eval", "import('messenger-sdk').then(({FileStorage}) => new FileStorage('x'))", where=project)


def _run(*command: str, where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
