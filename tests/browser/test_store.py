"""The store of conversations in a real browser's IndexedDB: what it keeps, and what it says when it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Error

from tests.browser.chromium import executable
from tests.browser.conftest import ARGUMENTS
from tests.browser.modules import EmptyPage

pytestmark = pytest.mark.browser

KEEP = "window.store = await openStore('chat'); const write = (e) => store.write(e.conversation, e.messages);"
"""Opens the store of a page, for the scripts of this file."""
RAW = """
const raw = (work, version) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("chat", version);
  opening.onsuccess = () => {
    const transaction = opening.result.transaction(["conversations", "messages"], "readwrite");
    const result = work(transaction.objectStore("conversations"), transaction.objectStore("messages"));
    transaction.oncomplete = () => { opening.result.close(); resolve(result?.result); };
    transaction.onabort = () => reject(transaction.error);
  };
});
"""
"""`raw(work)`: looks at the database past the store."""
STEPS = """
const steps = {1: ({conversation, messages}) => {
  if (conversation.title.includes("cursed")) throw new RangeError("no such title");
  return {
    conversation: {...conversation, title: conversation.title.toUpperCase()},
    messages: messages.map((message) => ({...message, id: `new-${message.id}`})),
  };
}};
"""
OpenPage: TypeAlias = Callable[[], EmptyPage]


@pytest.fixture
def tab(context: BrowserContext, address: str) -> OpenPage:
    """Opens one more tab of the same visitor."""
    return lambda: EmptyPage(context, address)


@pytest.fixture
def lasting(browser: Browser, tmp_path: Path) -> Iterator[Callable[[], BrowserContext]]:
    """Starts a browser with a profile on the disk; the next call goes on with the same profile."""
    started: list[BrowserContext] = []

    def start() -> BrowserContext:
        context = browser.browser_type.launch_persistent_context(
            tmp_path / "profile", executable_path=executable(), args=list(ARGUMENTS)
        )
        started.append(context)
        return context

    yield start
    for context in started:
        context.close()


def limit_storage(page: EmptyPage, quota_bytes: int) -> None:
    """What the browser has room for from now on."""
    session = page.page.context.new_cdp_session(page.page)  # the limit is gone with its session
    origin = page.page.url.rstrip("/")
    session.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": quota_bytes})


def test_it_keeps_the_contract_of_stores(tab: OpenPage) -> None:
    """What the store in memory does, this one does."""
    failures = tab().run(
        """
        const failures = [];
        for (const [sentence, holds] of Object.entries(CONTRACT)) {
          const store = await openStore(sentence);
          await holds(store).catch((error) => failures.push(`${sentence}: ${error}`));
          store.close();
        }
        equal(Object.keys(CONTRACT).length > 10, true);
        equal((await openStore("another")).persistent, true);
        return failures;
        """
    )
    assert failures == []


def test_what_is_written_is_there_after_a_reload(tab: OpenPage) -> None:
    """The store says that it lasts, and it does."""
    page = tab()
    page.run(KEEP + "await write(entryOf('a', 2))")
    page.page.reload()
    assert page.run(KEEP + "return (await store.read('a')).messages.length") == 4


def test_a_write_that_begins_as_the_page_goes_away_is_kept(tab: OpenPage) -> None:
    """The commit goes out with the write: nobody has to be there for it. (A visit's first write may be lost.)"""
    page = tab()
    page.run(KEEP + "await write(entryOf('c'))")
    for turn in range(5):
        page.run(KEEP + "addEventListener('pagehide', () => write(entryOf(given)))", f"c{turn}")
        page.page.reload()
    kept = page.run(KEEP + "return (await store.list()).map(({id}) => id)")
    assert kept == ["c", *[f"c{turn}" for turn in range(5)]]


def test_what_was_written_survives_a_crash_of_the_browser(lasting: Callable[[], BrowserContext], address: str) -> None:
    """A write that was answered is on the disk, not in the browser's memory."""
    context = lasting()
    page = EmptyPage(context, address)
    page.run(KEEP + "for (let n = 0; n < 20; n++) await write(entryOf(`c${n}`))")
    with pytest.raises(Error, match=r"closed|crashed"):
        context.new_cdp_session(page.page).send("Browser.crash")
    again = EmptyPage(lasting(), address)
    assert again.run(KEEP + "return (await store.list()).length") == 20


def test_two_tabs_hear_of_each_others_changes_after_they_are_kept(tab: OpenPage) -> None:
    """What is told can be read at once; the tab that wrote hears nothing of its own."""
    one, two = tab(), tab()
    for page in (one, two):
        page.run(
            """
            const tabs = new Tabs("chat");
            window.store = await openStore("chat", {tabs});
            window.heard = [];
            tabs.listen(async ({kind, id}) => heard.push([kind, id, (await store.read(id))?.messages.length ?? null]));
            """
        )
    one.run("const {conversation, messages} = entryOf('a'); await store.write(conversation, messages)")
    two.page.wait_for_function("heard.length == 1")
    two.run("await store.remove('a')")
    one.page.wait_for_function("heard.length == 1")
    assert one.run("return heard") == [["removed", "a", None]]
    assert two.run("return heard") == [["written", "a", 2]]


def test_a_tab_tells_whether_it_is_still_receiving_an_answer(tab: OpenPage) -> None:
    """A tab that was closed receives nothing any more, whatever it said before."""
    one, two = tab(), tab()
    for page in (one, two):
        page.run("window.tabs = new Tabs('chat'); window.asked = () => tabs.receives('m');")
    assert one.run("return asked()") is False
    two.run("tabs.arriving.add('m')")
    clock = one.page.clock  # the other tab has all the time it needs
    clock.install(time="2026-11-21T12:00:00")
    clock.pause_at("2026-11-21T13:00:00")
    assert one.run("return asked()") is True
    clock.resume()
    assert two.run("return asked()") is False
    two.page.close()
    assert one.run("return asked()") is False


def test_two_tabs_write_the_same_conversation_without_losing_a_message(tab: OpenPage) -> None:
    """Each tab writes its own messages; those of the other stay."""
    one, two = tab(), tab()
    writes = """
      const {conversation} = entryOf("a", 0);
      for (let n = 0; n < 50; n++) {
        const [message] = entryOf("a").messages;
        await store.write(conversation, [{...message, id: `${given}${n}`}]);
      }
      window.done = true;
    """
    one.run(KEEP)
    two.run(KEEP)
    one.begin(writes, "one")
    two.begin(writes, "two")
    for page in (one, two):
        page.page.wait_for_function("window.done")
    assert one.run("return (await store.read('a')).messages.length") == 100


def test_a_full_storage_is_said_and_nothing_that_was_kept_is_lost(tab: OpenPage) -> None:
    """Nothing of the refused write is there; removing works while it is full; with room again so does writing."""
    page = tab()
    limit_storage(page, 5_000_000)
    page.run(KEEP + "for (let n = 0; n < 5; n++) await write(entryOf(`c${n}`, 5))")
    add = """
      const add = (turn) => {
        const {conversation, messages} = entryOf("c0", 5 + turn);
        messages.at(-1).shown[0].content[0].text = noise(500e3);
        return store.write({...conversation, title: `After ${turn}`}, messages.slice(-2));
      };
    """
    turns, refused = page.run(
        add
        + """
        for (let turn = 1; turn < 100; turn++) {
          const error = await add(turn).then(() => null, told);
          if (error) return [turn - 1, error];
        }
        """
    )
    assert turns > 1
    assert refused["name"] == "StorageFull"
    assert "no room" in refused["message"]
    kept = """
      const read = await Promise.all((await store.list()).map(({id}) => store.read(id)));
      return read.map(({conversation, messages}) => [conversation.title, messages.length]);
    """
    others = [[f"Title of c{n}", 10] for n in range(1, 5)]
    assert page.run(kept) == [[f"After {turns}", 10 + 2 * turns], *others]
    page.page.reload()
    page.run(KEEP)
    assert page.run(kept) == [[f"After {turns}", 10 + 2 * turns], *others]
    page.run("await store.remove('c4')")
    limit_storage(page, 1_000_000_000)
    page.run(add + "await add(given)", turns + 1)
    assert page.run(kept) == [[f"After {turns + 1}", 12 + 2 * turns], *others[:3]]


@pytest.mark.parametrize(
    "refusal",
    [
        "IDBFactory.prototype.open = () => { throw new DOMException('', 'SecurityError') }",
        "Object.defineProperty(self, 'indexedDB', {value: undefined})",
        "Object.defineProperty(self, 'indexedDB', {get() { throw new DOMException('', 'SecurityError') }})",
        "IDBFactory.prototype.open = () => ({})",
        """IDBFactory.prototype.open = () => {
          const request = {error: new DOMException("", "UnknownError")};
          setTimeout(() => request.onerror({target: request}));
          return request;
        }""",
    ],
    ids=["throws", "undefined", "throws when read", "never answers", "fails"],
)
def test_refused_storage_is_said(tab: OpenPage, context: BrowserContext, refusal: str) -> None:
    """All ways in which browsers refuse end in the same class of error, with a sentence for people."""
    context.add_init_script(refusal)
    error = tab().run("return told(await failure(openStore('chat', {patienceMs: 50})))")
    assert error["name"] == "StorageRefused"
    assert error["message"].startswith("This browser")


def test_a_store_whose_connection_was_closed_opens_it_again(tab: OpenPage) -> None:
    """Also when the visitor has cleared the site's data: the conversations are gone, the page goes on."""
    page = tab()
    page.run(KEEP + "await write(entryOf('a')); await write(entryOf('b'))")
    session = page.page.context.new_cdp_session(page.page)
    session.send("Storage.clearDataForOrigin", {"origin": page.page.url.rstrip("/"), "storageTypes": "indexeddb"})
    page.run("const {conversation, messages} = entryOf('c'); await store.write(conversation, messages)")
    assert page.run("return (await store.list()).map(({id}) => id)") == ["c"]


def test_a_closed_store_refuses(tab: OpenPage) -> None:
    """Nothing is written by those who have said that they are done."""
    error = tab().run(KEEP + "store.close(); return told(await failure(store.list()))")
    assert error["name"] == "StorageRefused"


def test_deleted_conversations_are_purged_when_their_time_to_come_back_is_over(tab: OpenPage) -> None:
    """Ten seconds; younger ones can still be read and brought back."""
    page = tab()
    page.page.clock.set_fixed_time("2026-11-21T12:00:00")
    page.run(
        KEEP
        + """
        for (const [id, age] of [["old", 11e3], ["young", 5e3], ["kept", null]]) {
          const {conversation, messages} = entryOf(id);
          const deleted = age && new Date(Date.now() - age).toISOString();
          await store.write({...conversation, deleted}, messages);
        }
        """
    )
    assert page.run("return (await store.read('old')).messages.length") == 2
    page.page.reload()
    page.run(KEEP)
    assert page.run("return (await store.list()).map(({id}) => id)") == ["kept"]
    assert page.run("return [await store.read('old'), (await store.read('young')).messages.length]") == [None, 2]
    assert page.run(RAW + "return (await raw((_, all) => all.getAllKeys()))") == [
        [id_, f"m{n:03}"] for id_ in ("kept", "young") for n in range(2)
    ]


def test_records_of_an_older_schema_are_migrated(tab: OpenPage) -> None:
    """All steps in their order, messages included; what was in the way of the old form is gone."""
    page = tab()
    page.run(KEEP + "for (const id of ['a', 'b']) await write(entryOf(id)); store.close()")
    read = page.run(
        STEPS
        + """
        const louder = (conversation) => ({...conversation, title: `${conversation.title}!`});
        steps[2] = (entry) => ({...entry, conversation: louder(entry.conversation)});
        window.store = await openStore("chat", {schema: 3, steps});
        const {conversation, messages} = await store.read("a");
        const listed = (await store.list()).map(({id, schema}) => [id, schema]);
        return [conversation.title, messages.map(({id}) => id), listed, store.unreadable];
        """
    )
    assert read == ["TITLE OF A!", ["new-m000", "new-m001"], [["a", 3], ["b", 3]], []]


@pytest.mark.parametrize("step", [STEPS, "const steps = {};", "const steps = {1: async (entry) => entry};"])
def test_a_conversation_that_cannot_be_migrated_is_left_as_it_is_and_reported(tab: OpenPage, step: str) -> None:
    """It is not listed, not overwritten and not lost; the others are migrated."""
    page = tab()
    page.run(KEEP + "await write(entryOf('a', 2, {title: 'cursed'})); store.close()")
    before = page.run(RAW + "return [await raw((c) => c.getAll()), await raw((c, all) => all.getAll())]")
    found = page.run(
        step
        + """
        window.store = await openStore("chat", {schema: 2, steps});
        const refused = told(await failure(store.write({...entryOf("a").conversation, schema: 2})));
        return [store.unreadable, await store.list(), await store.read("a"), refused];
        """
    )
    assert [(each["id"], each["title"]) for each in found[0]] == [("a", "cursed")]
    assert "could not be brought" in found[0][0]["why"]
    assert found[1:3] == [[], None]
    assert found[3] == {"name": "ConversationUnreadable", "message": found[0][0]["why"]}
    page.run("store.close()")
    assert page.run(RAW + "return [await raw((c) => c.getAll()), await raw((c, all) => all.getAll())]") == before


def test_one_failing_step_does_not_keep_the_others_from_being_migrated(tab: OpenPage) -> None:
    """Each conversation is migrated by itself, and tried again the next time."""
    page = tab()
    page.run(KEEP + "for (const id of ['a', 'cursed', 'b']) await write(entryOf(id)); store.close()")
    listed = page.run(
        STEPS
        + """
        const opened = await openStore("chat", {schema: 2, steps});
        const listed = (await opened.list()).map(({id}) => id);
        opened.close();
        const again = await openStore("chat", {schema: 2, steps: {1: (entry) => entry}});
        return [listed, (await again.list()).map(({id}) => id)];
        """
    )
    assert listed == [["a", "b"], ["a", "b", "cursed"]]


def test_a_migration_that_is_cut_off_is_finished_the_next_time(tab: OpenPage) -> None:
    """At no time is a conversation neither in its old form nor in the new one, whole."""
    page = tab()
    page.run(KEEP + "for (let n = 0; n < 150; n++) await write(entryOf(`c${n}`, 2)); store.close()")
    page.begin(
        STEPS
        + """
        const slowly = (entry) => {
          window.begun = (window.begun ?? 0) + 1;
          const slow = window.begun > 20 ? 100 : 5; // it is not through when the tab is closed
          for (const end = performance.now() + slow; performance.now() < end; );
          return steps[1](entry);
        };
        await openStore("chat", {schema: 2, steps: {1: slowly}});
        """
    )
    page.page.wait_for_function("window.begun > 20")
    page.page.close()
    page = tab()
    records, keys = page.run(RAW + "return [await raw((c) => c.getAll()), await raw((c, all) => all.getAllKeys())]")
    forms = {record["id"]: record["schema"] for record in records}
    assert len(forms) == 150
    assert set(forms.values()) == {1, 2}
    for id_, form in forms.items():
        assert [key for of, key in keys if of == id_] == [f"{'new-' * (form - 1)}m{n:03}" for n in range(4)]
    assert page.run(
        STEPS
        + """
        const store = await openStore("chat", {schema: 2, steps});
        const read = await Promise.all((await store.list()).map(({id}) => store.read(id)));
        return [read.length, read.every(({messages}) => messages.length === 4), store.unreadable];
        """
    ) == [150, True, []]


def test_a_migration_for_which_there_is_no_room_loses_nothing(tab: OpenPage) -> None:
    """The conversations that did not fit are as they were, and are migrated when there is room again."""
    page = tab()
    limit_storage(page, 2_000_000)
    page.run(KEEP + "for (let n = 0; n < 5; n++) await write(entryOf(`c${n}`, 2)); store.close()")
    opens = """
      const grow = (entry) => ({...entry, conversation: {...entry.conversation, parameters: noise(800e3)}});
      const store = await openStore("chat", {schema: 2, steps: {1: grow}});
      const read = await Promise.all((await store.list()).map(({id}) => store.read(id)));
      store.close();
      return [read.map(({messages}) => messages.length), store.unreadable.map(({id, why}) => [id, why])];
    """
    counts, unreadable = page.run(opens)
    assert len(counts) > 0
    assert len(unreadable) > 0
    assert len(counts) + len(unreadable) == 5
    assert all("no room" in why for _, why in unreadable)
    limit_storage(page, 1_000_000_000)
    assert page.run(opens) == [[4] * 5, []]


def test_two_tabs_migrate_at_once_and_each_conversation_only_once(tab: OpenPage) -> None:
    """The one that comes second finds it done."""
    one, two = tab(), tab()
    one.run(KEEP + "for (let n = 0; n < 50; n++) await write(entryOf(`c${n}`)); store.close()")
    opens = STEPS + "window.store = await openStore('chat', {schema: 2, steps}); window.opened = true;"
    one.begin(opens)
    two.begin(opens)
    for page in (one, two):
        page.page.wait_for_function("window.opened")
        assert page.run("return [store.unreadable, (await store.list()).length]") == [[], 50]
        assert page.run("return (await store.read('c7')).messages.map(({id}) => id)") == ["new-m000", "new-m001"]


def test_records_of_a_newer_schema_are_left_alone(tab: OpenPage) -> None:
    """After an update was taken back: older code works with what it knows and touches nothing else."""
    page = tab()
    page.run(KEEP + "await write(entryOf('a')); await write(entryOf('b')); store.close()")
    page.run("(await openStore('chat', {schema: 2, steps: {1: (entry) => entry}})).close()")
    before = page.run(RAW + "return await raw((c) => c.getAll())")
    found = page.run(
        KEEP
        + """
        await write(entryOf("c"));
        const refused = told(await failure(write(entryOf("a"))));
        const listed = (await store.list()).map(({id}) => id);
        return [store.unreadable, listed, await store.read("a"), refused, [...await store.texts()].length];
        """
    )
    assert [(each["id"], each["title"]) for each in found[0]] == [("a", "Title of a"), ("b", "Title of b")]
    assert found[1:3] == [["c"], None]
    assert found[3]["name"] == "ConversationUnreadable"
    assert "newer version" in found[3]["message"]
    assert found[4] == 1
    page.run("store.close()")
    assert page.run(RAW + "return await raw((c) => c.getAll())")[:2] == before


def test_older_code_does_not_overwrite_what_newer_code_has_written_beside_it(tab: OpenPage) -> None:
    """Both run at once when the older one came second: what it has read may have been migrated since."""
    older, newer = tab(), tab()
    opens = "window.store = await openStore('chat', {schema: 2, steps: {1: (entry) => entry}});"
    newer.run(opens + "store.close()")
    older.run(KEEP + "await write(entryOf('a'))")
    newer.run(opens)
    error = older.run(
        """
        const {conversation, messages} = entryOf("a", 4);
        return told(await failure(store.write(conversation, messages)));
        """
    )
    assert error["name"] == "ConversationUnreadable"
    assert newer.run("return (await store.read('a')).messages.length") == 2


def test_a_tab_with_older_code_lets_newer_code_through_and_says_so(tab: OpenPage) -> None:
    """It closes its connection, and is told that it has to be loaded again."""
    older, newer = tab(), tab()
    older.run(
        """
        window.outdated = [];
        window.store = await openStore("chat", {onOutdated: (sentence) => outdated.push(sentence)});
        """
    )
    newer.run("await openStore('chat', {schema: 2})")
    older.page.wait_for_function("outdated.length == 1")
    [sentence] = older.run("return outdated")
    assert "newer version" in sentence
    assert older.run("return told(await failure(store.list()))") == {"name": "StorageRefused", "message": sentence}


def test_a_tab_that_does_not_let_newer_code_through_is_named_as_the_reason(tab: OpenPage) -> None:
    """A refusal after a wait; when the tab is closed after all, the next try works."""
    older, newer = tab(), tab()
    older.run("window.held = indexedDB.open('chat', 1); await new Promise((resolve) => (held.onsuccess = resolve))")
    error = newer.run("return told(await failure(openStore('chat', {schema: 2, patienceMs: 100})))")
    assert error["name"] == "StorageRefused"
    assert "another tab" in error["message"].lower()
    older.page.close()
    assert newer.run("return await (await openStore('chat', {schema: 2})).list()") == []


def test_a_forgotten_store_is_gone_in_all_tabs(tab: OpenPage) -> None:
    """The tab that has it open closes it and does not bring it back into being."""
    one, two = tab(), tab()
    one.run("window.store = await openStore('chat-me', {onOutdated: (sentence) => (window.outdated = sentence)})")
    names = two.run(
        """
        for (const name of ["chat-you", "other"]) (await openStore(name)).close();
        const before = await databases("chat-");
        await forget("chat-me");
        await forget("never there");
        return [before.sort(), await databases("chat-")];
        """
    )
    assert names == [["chat-me", "chat-you"], ["chat-you"]]
    one.page.wait_for_function("window.outdated")
    assert one.run("return told(await failure(store.list())).name") == "StorageRefused"
    assert two.run("return await databases('chat-')") == ["chat-you"]


def test_a_page_without_tls_is_told_nothing_of_its_quota(tab: OpenPage, context: BrowserContext) -> None:
    """`navigator.storage` and `indexedDB.databases` are not everywhere."""
    context.add_init_script(
        "Object.defineProperty(navigator, 'storage', {value: undefined}); IDBFactory.prototype.databases = undefined;"
    )
    found = tab().run(KEEP + "return [await store.usage(), await store.keep(), await databases('')]")
    assert found == [{"used": 0, "quota": 0, "kept": None}, None, []]


def test_usage_grows_with_what_is_kept(tab: OpenPage) -> None:
    """In bytes, next to what there is room for."""
    before, after = tab().run(
        KEEP
        + """
        const before = await store.usage();
        const {conversation, messages} = entryOf("a");
        messages[0].shown[0].content[0].text = noise(1e6);
        await store.write(conversation, messages);
        return [before, await store.usage()];
        """
    )
    assert after["used"] - before["used"] > 500_000
    assert after["quota"] > after["used"]
    assert after["kept"] in {True, False}


def test_a_turn_costs_the_same_in_a_large_store(lasting: Callable[[], BrowserContext], address: str) -> None:
    """1,000 conversations of 40 messages against ten. The figures are printed; the bound is three times, and 2 ms."""
    page = EmptyPage(lasting(), address)
    page.page.context.set_default_timeout(0)
    small, large = page.run(
        """
        const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
        const timed = async (count, work) => {
          const times = [];
          for (let n = 0; n < count; n++) {
            const begun = performance.now();
            await work(n);
            times.push(performance.now() - begun);
          }
          return Number(median(times).toFixed(2));
        };
        const filled = async (name, size) => {
          const store = await openStore(name);
          const writes = [];
          for (let n = 0; n < size; n++) {
            const {conversation, messages} = entryOf(Math.random().toString(16).slice(2), 20);
            for (const [m, {shown}] of messages.entries()) shown[0].content[0].text = noise(m % 2 ? 900 : 120);
            writes.push(store.write(conversation, messages));
            if (writes.length === 50) await Promise.all(writes.splice(0));
          }
          await Promise.all(writes);
          store.close();
        };
        const stores = [];
        for (const [name, size] of [["small", 10], ["large", 1000]]) {
          await filled(name, size);
          let store;
          const open_ms = await timed(5, async () => { store?.close(); store = await openStore(name); });
          const list_ms = await timed(5, () => store.list());
          const texts_ms = await timed(5, () => store.texts());
          const ids = (await store.list()).map(({id}) => id);
          stores.push({store, ids, ...await store.read(ids[0]), figures: {size, open_ms, list_ms, texts_ms}});
        }
        // What is compared is measured in turns, so that what else the machine does takes as much time from the one as
        // from the other.
        const both = async (count, work) => {
          const times = stores.map(() => []);
          for (let n = 0; n < count; n++) {
            for (const [at, each] of stores.entries()) {
              const begun = performance.now();
              await work(each, n);
              times[at].push(performance.now() - begun);
            }
          }
          return times.map((each) => Number(median(each).toFixed(2)));
        };
        const read_ms = await both(50, ({store, ids}, n) => store.read(ids[n * 7 % ids.length]));
        const write_ms = await both(100, ({store, conversation, messages}, n) => store.write(conversation, [
          {...messages[0], id: `q${n}`},
          {...messages[1], id: `a${n}`},
        ]));
        return stores.map(({store, figures}, at) => {
          store.close();
          return {...figures, read_ms: read_ms[at], write_ms: write_ms[at]};
        });
        """
    )
    print("\n" + "\n".join(map(json.dumps, (small, large))))  # noqa: T201  # the figures
    assert large["write_ms"] < 3 * small["write_ms"] + 2
    assert large["read_ms"] < 3 * small["read_ms"] + 2
