"""Modals and App Home of the stand-in: triggers, the stack, hashes, and what is refused."""

from tests.sandbox.parts import ANNA, BORIS, MANIFEST, alone, field, modal, refused, section

HOME = {"type": "home", "blocks": [section("Home")]}


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_a_trigger_opens_one_modal_within_three_seconds():
    clock = Clock()
    async with alone(clock=clock) as (sandbox, client):
        fresh = sandbox.slack.tickets.trigger(ANNA).id
        bad = await refused(client.views_open(trigger_id=fresh, view=modal("x" * 25)))
        assert bad["error"] == "invalid_arguments"
        clock.now += 3
        assert (await client.views_open(trigger_id=fresh, view=modal()))["view"]["id"] == sandbox.modal(ANNA).id
        assert (await refused(client.views_open(trigger_id=fresh, view=modal())))["error"] == "exchanged_trigger_id"
        late = sandbox.slack.tickets.trigger(ANNA).id
        clock.now += 3.001
        assert (await refused(client.views_open(trigger_id=late, view=modal())))["error"] == "expired_trigger_id"
        made_up = await refused(client.views_open(trigger_id="1.2.abc", view=modal()))
        assert made_up["error"] == "invalid_trigger_id"


async def test_three_modals_fit_on_the_stack():
    async with alone() as (sandbox, client):
        tickets = sandbox.slack.tickets
        await client.views_open(trigger_id=tickets.trigger(ANNA).id, view=modal("One"))
        for title in ("Two", "Three"):
            on_top = tickets.trigger(ANNA, sandbox.modal(ANNA).id).id
            await client.views_push(trigger_id=on_top, view=modal(title))
        on_top = tickets.trigger(ANNA, sandbox.modal(ANNA).id).id
        assert (await refused(client.views_push(trigger_id=on_top, view=modal("Four"))))[
            "error"
        ] == "push_limit_reached"
        elsewhere = tickets.trigger(BORIS).id
        assert (await refused(client.views_push(trigger_id=elsewhere, view=modal())))["error"] == "not_found"
        assert [view.body["title"]["text"] for view in sandbox.workspace.stack(ANNA)] == ["One", "Two", "Three"]


async def test_a_view_is_only_changed_by_who_knows_its_last_hash():
    async with alone() as (sandbox, client):
        opened = await client.views_open(trigger_id=sandbox.slack.tickets.trigger(ANNA).id, view=modal("One"))
        view_id, first = opened["view"]["id"], opened["view"]["hash"]
        assert (await client.views_update(view_id=view_id, hash=first, view=modal("Two")))["ok"]
        assert (await refused(client.views_update(view_id=view_id, hash=first, view=modal("Three"))))[
            "error"
        ] == "hash_conflict"
        assert (await client.views_update(view_id=view_id, view=modal("Four")))["ok"]
        await sandbox.close(ANNA, view_id)
        assert (await refused(client.views_update(view_id=view_id, view=modal("Five"))))["error"] == "not_found"


async def test_a_home_is_published_with_its_last_hash_for_people_that_exist():
    async with alone() as (sandbox, client):
        first = (await client.views_publish(user_id=ANNA, view=HOME))["view"]["hash"]
        assert (await client.views_publish(user_id=ANNA, view=HOME, hash=first))["ok"]
        assert (await refused(client.views_publish(user_id=ANNA, view=HOME, hash=first)))["error"] == "hash_conflict"
        assert (await refused(client.views_publish(user_id="U0NOBODY01", view=HOME)))["error"] == "invalid_arguments"
        assert (await refused(client.views_publish(user_id=ANNA, view=modal())))["error"] == "invalid_arguments"
        assert sandbox.home(BORIS) is None


async def test_without_a_home_tab_nothing_is_published():
    home = {**MANIFEST["features"]["app_home"], "home_tab_enabled": False}
    manifest = {**MANIFEST, "features": {**MANIFEST["features"], "app_home": home}}
    async with alone(manifest=manifest) as (_, client):
        assert (await refused(client.views_publish(user_id=ANNA, view=HOME)))["error"] == "not_enabled"


async def test_a_view_may_have_250_kilobytes_and_its_own_external_id():
    async with alone() as (sandbox, client):
        tickets = sandbox.slack.tickets
        large = modal("Large", *[section("x" * 2900) for _ in range(90)])
        answer = await refused(client.views_open(trigger_id=tickets.trigger(ANNA).id, view=large))
        assert answer["error"] == "view_too_large"
        named = {**modal(), "external_id": "run-7"}
        assert (await client.views_open(trigger_id=tickets.trigger(ANNA).id, view=named))["ok"]
        twice = await refused(client.views_open(trigger_id=tickets.trigger(BORIS).id, view=named))
        assert twice["error"] == "duplicate_external_id"
        assert (await client.views_update(external_id="run-7", view=named))["ok"]


async def test_a_bad_view_is_refused_with_a_pointer():
    async with alone() as (sandbox, client):
        form = modal("Form", field("why", {"type": "plain_text_input", "action_id": "a"}))
        answer = await refused(client.views_open(trigger_id=sandbox.slack.tickets.trigger(ANNA).id, view=form))
        assert answer["error"] == "invalid_arguments"
        assert "[json-pointer:/view" in answer["response_metadata"]["messages"][0]
        assert sandbox.modal(ANNA) is None


async def test_a_form_limited_to_a_type_of_files_that_slack_does_not_know_is_refused_whole() -> None:
    form = modal("Files", field("audio", {"type": "file_input", "action_id": "file", "filetypes": ["wav", "wma"]}))
    form["submit"] = {"type": "plain_text", "text": "Send"}
    async with alone() as (sandbox, client):
        trigger = sandbox.slack.tickets.trigger(ANNA)
        answer = await refused(client.views_open(trigger_id=trigger.id, view=form))
    assert answer["error"] == "invalid_arguments" and "wma" in str(answer["response_metadata"])
