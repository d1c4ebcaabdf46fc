"""Real instances as separate processes over TLS on loopback, and people who use them with real clients."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mastodon
import requests
import trustme
from bs4 import BeautifulSoup

from tests.serving import beckon, environment, until


@dataclass
class Instance:
    """One ``beckon serve`` of its own."""

    name: str
    port: int
    data: Path
    certificates: Path
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"https://{self.domain}"

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.environment = environment(
            self.data,
            self.port,
            BECKON_DOMAIN=self.domain,
            BECKON_TLS_CERT=str(self.certificates / "server.pem"),
            BECKON_TLS_KEY=str(self.certificates / "server.key"),
            BECKON_CA_FILE=str(self.certificates / "ca.pem"),
            BECKON_ALLOW_NETWORKS="127.0.0.0/8",
            BECKON_LOG_LEVEL="info",
        )

    def start(self) -> None:
        with (self.data / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.cli", "serve"],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(f"{self.name} serving", self._serves)

    def _serves(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} ended:\n{self.log()[-3000:]}")
        try:
            ca = str(self.certificates / "ca.pem")
            return requests.get(f"{self.url}/api/v1/instance", verify=ca, timeout=5).ok
        except requests.RequestException:
            return False

    def log(self) -> str:
        return (self.data / "log").read_text(errors="replace")

    def kill(self) -> None:
        """As a power cut would: nothing is written any more."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def beckon(self, *words: str) -> str:
        """A command of the command line; gives what it prints."""
        done = beckon(self.environment, *words)
        assert done.returncode == 0, f"beckon {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()


@contextmanager
def three(
    place: Path, free_port: Callable[[], int], names: Sequence[str] = ("a", "b", "c")
) -> Iterator[list[Instance]]:
    """A, B and C, running, or as many as are named; stopped at the end, whatever happens."""
    place.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(place / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(place / "server.key")
    for part in issued.cert_chain_pems:
        part.write_to_path(place / "server.pem", append=True)
    found = [Instance(name, free_port(), place / name, place) for name in names]
    try:
        for instance in found:
            instance.prepare()
            instance.start()
        yield found
    finally:
        for instance in found:
            instance.stop()


@dataclass
class Person:
    """Somebody with an account on one instance, a browser, and clients."""

    instance: Instance
    name: str
    home: Path
    password: str = "correct horse battery staple"

    @property
    def ca(self) -> str:
        return str(self.instance.certificates / "ca.pem")

    def sign_up(self, *options: str) -> None:
        self.instance.beckon(
            "account", "create", self.name,
            "--email", f"{self.name}@mail.example", "--password", self.password, *options,
        )  # fmt: skip

    def authorize(self, url: str) -> str:
        """Open a client's log-in page as a browser would, and give the code that it shows."""
        browser = self._session()
        page = browser.get(url, timeout=30)
        for _ in range(4):
            assert page.ok, page.text
            soup = BeautifulSoup(page.text, "html.parser")
            code = soup.select_one("input#code")
            if code:
                return str(code["value"])
            page = self._submit(browser, page, soup)
        raise AssertionError(page.text)

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # or REQUESTS_CA_BUNDLE would win over what is said here
        session.verify = self.ca
        return session

    def _submit(
        self, browser: requests.Session, page: requests.Response, soup: BeautifulSoup
    ) -> requests.Response:
        forms = soup.select("main form[method=post i]") or soup.select("form[method=post i]")
        form = forms[0]
        values: dict[str, Any] = {}
        for entry in form.select("input[name], button[name]"):
            kind, name = entry.get("type", "text"), str(entry["name"])
            if kind == "password":
                values[name] = self.password
            elif kind in ("email", "text") and not entry.get("value"):
                values[name] = f"{self.name}@mail.example"
            elif name not in values:
                values[name] = entry.get("value", "")
        target = requests.compat.urljoin(page.url, str(form.get("action") or page.url))
        headers = {"Origin": self.instance.url}
        return browser.post(target, data=values, headers=headers, timeout=30)

    def client(self) -> mastodon.Mastodon:
        """Mastodon.py, logged in through the browser."""
        session = self._session()
        app_id, secret = mastodon.Mastodon.create_app(
            "test", api_base_url=self.instance.url, session=session
        )
        client = mastodon.Mastodon(
            client_id=app_id, client_secret=secret, api_base_url=self.instance.url, session=session
        )
        url = client.auth_request_url()
        client.log_in(code=self.authorize(url))
        return client

    def toot(self, *words: str, typed: str = "") -> str:
        """The terminal client, with a home of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "toot", *words],
            env=self._terminal(),
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"toot {' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def _terminal(self) -> dict[str, str]:
        self.home.mkdir(parents=True, exist_ok=True)
        return os.environ | {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "REQUESTS_CA_BUNDLE": self.ca,
            "NO_COLOR": "1",
        }

    def toot_login(self) -> None:
        """``toot login``: it prints an address, a browser opens it, the code is typed in."""
        login = subprocess.Popen(
            [sys.executable, "-u", "-m", "toot", "login", "--instance", self.instance.url],
            env=self._terminal(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert login.stdin and login.stdout
        printed = ""
        while "/oauth/authorize" not in printed:
            line = login.stdout.readline()
            assert line, printed
            printed = line.strip()
        login.stdin.write("n\n" + self.authorize(printed) + "\n")
        login.stdin.close()
        rest = login.stdout.read()
        login.stdout.close()
        assert login.wait(30) == 0, rest

    def toot_json(self, *words: str) -> Any:
        return json.loads(self.toot(*words, "--json"))
