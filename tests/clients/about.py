"""What a client learns of an instance and of itself before and beside all else."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import mastodon
import pytest

from server.domain.members import sign_up
from tests.api.conftest import PASSWORD
from tests.clients.cast import AGENT, Cast, Client, scene


@scene(
    """
    GET /api/v1/custom_emojis
    GET /api/v1/instance
    GET /api/v1/instance/activity
    GET /api/v1/instance/domain_blocks
    GET /api/v1/instance/extended_description
    GET /api/v1/instance/languages
    GET /api/v1/instance/peers
    GET /api/v1/instance/rules
    GET /api/v1/instance/terms_of_service
    GET /api/v1/instance/translation_languages
    GET /api/v2/instance
    """
)
def instance(cast: Cast) -> None:
    me = cast.joins("curious")
    new, old = me.instance_v2(), me.instance_v1()
    assert old.uri == new.domain == cast.here.base.removeprefix("http://")
    assert (me.mastodon_major, me.mastodon_minor, me.mastodon_api_version) == (4, 5, 7)
    assert new.configuration.statuses.max_characters == old.configuration.statuses.max_characters
    assert all(me.timeline_is_available(n, fail_hard=True) for n in ("public", "hashtag"))
    assert me.instance_nodeinfo().software.name == "beckon"
    assert me.instance_peers() == me.instance_domain_blocks() == me.instance_rules() == []
    assert len(me.instance_activity()) == 12
    assert me.instance_languages()[0].code == "en"
    assert not me.instance_translation_languages()
    assert me.instance_extended_description().content == ""
    assert me.custom_emojis() == []
    with pytest.raises(mastodon.MastodonNotFoundError):  # none was written
        me.instance_terms_of_service()


@scene(
    """
    GET /api/v1/annual_reports
    GET /api/v1/annual_reports/{}
    POST /api/v1/annual_reports/{}/generate
    POST /api/v1/annual_reports/{}/read
    GET /api/v1/annual_reports/{}/state
    """
)
def a_year(cast: Cast) -> None:
    """There are none, which apps show as nothing."""
    me = cast.client(cast.member("looking_back"), ahead=True)
    assert me.annual_reports().annual_reports == []
    assert me.annual_report_state(2025).state == "ineligible"
    for act in (me.annual_report, me.annual_report_read, me.annual_report_generate):
        with pytest.raises(mastodon.MastodonNotFoundError):
            act(2025)


@scene(
    """
    GET /.well-known/oauth-authorization-server
    POST /api/v1/accounts
    POST /api/v1/apps
    GET /api/v1/apps/verify_credentials
    POST /api/v1/emails/confirmations
    POST /oauth/revoke
    POST /oauth/token
    """
)
def signs_up(cast: Cast) -> None:
    async def open_to_all() -> None:
        async with cast.here.work.transaction() as tx:
            await sign_up.set_mode(tx, "open")

    cast.wait(open_to_all())
    base = cast.here.base
    app = mastodon.Mastodon.create_app(
        "Garden",
        scopes=["read", "write"],
        redirect_uris=["https://app.example/cb", "urn:ietf:wg:oauth:2.0:oob"],
        website="https://app.example",
        api_base_url=base,
        session=cast.session,
        user_agent=AGENT,
    )
    client: Client = mastodon.Mastodon(
        *app,
        api_base_url=base,
        session=cast.session,
        version_check_mode="created",
        user_agent=AGENT,
    )
    address: str = client.auth_request_url(
        scopes=["read"], state="s", redirect_uris="https://app.example/cb"
    )
    assert dict(parse_qsl(urlsplit(address).query))["state"] == "s"
    _, error = client.create_account(
        "new comer", PASSWORD, "new@people.example", agreement=True, scopes=["read", "write"],
        return_detailed_error=True,
    )  # fmt: skip
    assert error.details.username[0].error == "ERR_INVALID"
    client.create_account(
        "newcomer", PASSWORD, "new@people.example", agreement=True, scopes=["read", "write"]
    )
    assert client.me().username == "newcomer"
    verified = client.app_verify_credentials()
    assert (verified.name, verified.website) == ("Garden", "https://app.example")
    with pytest.raises(
        mastodon.MastodonAPIError
    ):  # the address counts as confirmed: no mail is sent
        client.email_resend_confirmation()
    client.revoke_access_token(allow_http=True)
    assert client.access_token is None


@scene(
    """
    GET /oauth/userinfo
    """
)
def introduces_themselves(cast: Cast) -> None:
    me = cast.joins("openly")
    assert me.oauth_userinfo().preferred_username == "openly"
    assert me.get_approx_server_time().year >= 2026


SCENES = (instance, a_year, signs_up, introduces_themselves)
