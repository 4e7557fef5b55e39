"""A device that encrypts, by vodozemac, as docs/e2ee.md shows it."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from vodozemac import Account, Curve25519PublicKey, Ed25519PublicKey, Ed25519Signature, Session

from tests.support.people import PASSWORD, Person, of_session

Wire = dict[str, Any]


@dataclass
class Device:
    """A session of a person with the secrets of its keys. `known` are the logs that it has verified, by user."""

    person: Person
    account: Account = field(default_factory=Account)
    known: dict[int, Wire] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The id of its session."""
        device_id: int = self.person.http.get("/keys").raise_for_status().json()["deviceId"]
        return device_id

    @property
    def identity_key(self) -> str:
        """Its Curve25519 key."""
        return self.account.curve25519_key.to_base64()

    def keys(self, one_time: int = 3) -> Wire:
        """What it publishes: so many new one-time keys, and a new signed pre-key."""
        self.account.generate_one_time_keys(one_time)
        key_id, pre_key = _fallback_of(self.account)
        return {
            "identityKey": self.identity_key,
            "signingKey": self.account.ed25519_key.to_base64(),
            "signedPreKey": {
                "id": key_id,
                "key": pre_key,
                "signature": self.account.sign(pre_key.encode()).to_base64(),
            },
            "oneTimeKeys": [{"id": each, "key": key.to_base64()} for each, key in self.account.one_time_keys.items()],
        }

    def publish(self, one_time: int = 3) -> Wire:
        """Publishes these keys; answers what the service says."""
        answer: Wire = self.person.http.put("/keys", json=self.keys(one_time)).raise_for_status().json()
        self.account.mark_keys_as_published()
        return answer

    def claim(self, *device_ids: int) -> Wire:
        """A key of each of these devices."""
        body = {"deviceIds": list(device_ids)}
        answer: Wire = self.person.http.post("/keys/claim", json=body).raise_for_status().json()
        return answer

    def session_with(self, device_id: int) -> Session:
        """An encrypted session with a device whose keys are in its user's log."""
        (keys,) = self.claim(device_id)["devices"]
        assert (device_id, keys["identityKey"], keys["signingKey"]) in self.devices_of(keys["userId"])
        signed = keys["signedPreKey"]
        signature = Ed25519Signature.from_base64(signed["signature"])
        Ed25519PublicKey.from_base64(keys["signingKey"]).verify_signature(signed["key"].encode(), signature)
        key = (keys["oneTimeKey"] or signed)["key"]
        return self.account.create_outbound_session(
            Curve25519PublicKey.from_base64(keys["identityKey"]), Curve25519PublicKey.from_base64(key)
        )

    def devices_of(self, user_id: int) -> set[tuple[int, str, str]]:
        """A user's devices by their log, which is followed from what is known of it."""
        known = self.known.setdefault(user_id, {"position": 0, "hash": "", "devices": set()})
        while True:
            query: Wire = {"after": known["position"], "limit": 2}
            page = self.person.http.get(f"/users/{user_id}/keys/log", params=query).raise_for_status().json()
            for entry in page["entries"]:
                follow(user_id, known, entry)
            if not page["hasMore"]:
                assert page["head"] == {"position": known["position"], "hash": known["hash"]}
                return set(known["devices"])


def _fallback_of(account: Any) -> tuple[str, str]:
    """A new fallback key, of which the library's types do not tell."""
    account.generate_fallback_key()
    [(key_id, key)] = account.fallback_key.items()
    return key_id, key.to_base64()


def follow(user_id: int, known: Wire, entry: Wire) -> None:
    """Takes the next entry of a log. Raises AssertionError where it does not follow from what is known."""
    names = ("position", "change", "deviceId", "identityKey", "signingKey", "changedAt")
    lines = [known["hash"], user_id, *(entry[name] for name in names)]
    digest = hashlib.sha256("\n".join(str(line) for line in lines).encode()).hexdigest()
    assert (entry["position"], entry["hash"]) == (known["position"] + 1, digest)
    device = (entry["deviceId"], entry["identityKey"], entry["signingKey"])
    known["position"], known["hash"] = entry["position"], digest
    known["devices"] = known["devices"] | {device} if entry["change"] == "added" else known["devices"] - {device}


def another_of(person: Person) -> Person:
    """The same user on another device."""
    login = {"username": person.username, "password": PASSWORD}
    return of_session(str(person.http.base_url).rstrip("/"), person.http.post("/auth/login", json=login).json())
