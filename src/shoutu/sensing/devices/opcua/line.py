"""The connection to an OPC UA server: found, secured, entered; and why it is not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256, SecurityPolicyNone
from asyncua.crypto.uacrypto import CertProperties

from shoutu.sensing.devices.away import Away
from shoutu.sensing.devices.opcua.certificate import Own, first_of, own_certificate, thumbprint
from shoutu.sensing.devices.opcua.values import S, status_name
from shoutu.sensing.devices.settings import Opcua

if TYPE_CHECKING:
    from shoutu.sensing.devices.hub import Runner

# It writes every request, passwords too, where it is asked for more; what goes wrong is said by us.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)

MODES = {"sign": ua.MessageSecurityMode.Sign, "encrypt": ua.MessageSecurityMode.SignAndEncrypt}
MAKING = threading.Lock()
GOODBYE_SECONDS = 2.0
LOGIN = {S.BadUserAccessDenied, S.BadIdentityTokenRejected, S.BadIdentityTokenInvalid, S.BadUserSignatureInvalid}
UNTRUSTED = {
    S.BadSecurityChecksFailed, S.BadCertificateUntrusted, S.BadCertificateInvalid, S.BadCertificateUriInvalid,
    S.BadCertificateUseNotAllowed, S.BadCertificateTimeInvalid, S.BadCertificateHostNameInvalid,
}  # fmt: skip


class Caller(Client):
    """A client that goes to the address that was allowed, whatever its server's name means by now."""

    def __init__(self, settings: Opcua, address: str, port: int) -> None:
        super().__init__(settings.endpoint, timeout=settings.timeout_s, watchdog_intervall=settings.timeout_s)
        self._place = address, port
        self.name = self.description = "Shoutu"
        self.product_uri = "urn:shoutu"
        self.session_timeout = 60_000

    async def connect_socket(self) -> None:
        await self.uaclient.connect_socket(*self._place)

    def server_policy(self, token_type: ua.UserTokenType) -> ua.UserTokenPolicy:
        """How a password is to be sent: in plain only where all is encrypted. Raises Away."""
        found = super().server_policy(token_type)
        plain = found.SecurityPolicyUri in ("", None, SecurityPolicyNone.URI)
        named = token_type == ua.UserTokenType.UserName
        if named and plain and self.security_policy.Mode != ua.MessageSecurityMode.SignAndEncrypt:
            raise Away("plain_password")
        return found


@asynccontextmanager
async def entered(runner: Runner, settings: Opcua) -> AsyncIterator[Caller]:
    """A session on the server, ended whatever becomes of it. Raises Away."""
    host, port = settings.place
    address = await runner.nets.find(host, port, settings.timeout_s)
    with _reasons(f"{address}:{port}"):
        client = Caller(settings, address, port)
        try:
            await _enter(client, runner, settings, address, port)
            runner.connected(f"{address}:{port}")
            yield client
        finally:
            await _leave(client)


async def _enter(client: Caller, runner: Runner, settings: Opcua, address: str, port: int) -> None:
    async with asyncio.timeout(4 * settings.timeout_s):
        if settings.security != "none":
            assert runner.keys is not None
            certificate = await _their_certificate(Caller(settings, address, port), settings)
            own = await asyncio.to_thread(_own, runner)
            client.application_uri = own.uri
            await client.set_security(
                SecurityPolicyBasic256Sha256,
                CertProperties(own.certificate, "der"),
                CertProperties(own.key, "pem"),
                server_certificate=CertProperties(certificate, "der"),
                mode=MODES[settings.security],
            )
            if settings.user:
                client.set_user(settings.user)
                client.set_password(runner.keys.password(settings.sealed))
        await client.connect()


def _own(runner: Runner) -> Own:
    assert runner.keys is not None
    with MAKING:
        return own_certificate(runner.keys.folder)


async def _their_certificate(client: Caller, settings: Opcua) -> bytes:
    """The certificate of the server, if it is the one that was agreed to. Raises Away with the one it shows."""
    offered = await client.connect_and_get_server_endpoints()
    try:
        found = Client.find_endpoint(offered, MODES[settings.security], SecurityPolicyBasic256Sha256.URI)
    except ua.UaError:
        raise Away("security", f"Basic256Sha256 {settings.security}") from None
    certificate = first_of(found.ServerCertificate or b"")
    shown = thumbprint(certificate)
    if not settings.server:
        raise Away("unpinned", f"SHA-256 {shown}")
    if shown != settings.server.replace(":", "").strip().lower():
        raise Away("other_certificate", f"SHA-256 {shown}")
    return certificate


async def _leave(client: Caller) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(GOODBYE_SECONDS):
            await client.disconnect()
    protocol = client.uaclient.protocol
    if protocol is not None and protocol.transport is not None:
        protocol.transport.abort()


@contextlib.contextmanager
def _reasons(place: str) -> Iterator[None]:
    """What its library and the network say, in words of ours."""
    try:
        yield
    except ua.UaStatusCodeError as error:
        name = status_name(error.code)
        reason = "login" if error.code in LOGIN else "untrusted" if error.code in UNTRUSTED else "told"
        raise Away(reason, name) from None
    except TimeoutError:
        raise Away("timeout", place) from None
    except ConnectionRefusedError:
        raise Away("refused", place) from None
    except (ConnectionError, asyncio.IncompleteReadError) as error:
        raise Away("closed", str(error)) from None
    except OSError as error:
        raise Away("unreachable", str(error)) from None
    except ua.UaError as error:
        raise Away("not_opcua", str(error)) from None
