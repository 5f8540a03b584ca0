"""Stories of renaming: what keeps its key, what is asked about, what is really new."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from payflow.model.agreement import Agreement, ClientTerms, Contract, Policy, Step, Terms
from payflow.model.serial import digest_of
from payflow.workspace.versions import Known, Resolved, resolve

Was = str | None


def version(
    steps: dict[str, Was] | None = None, sources: dict[str, Was] | None = None, projects: dict[str, Was] | None = None
) -> Agreement:
    """An agreement as loading leaves it: names, and what `was` says beside each."""
    ladder = tuple(
        Step(name, was or name, day, "reminder", was=was) for day, (name, was) in enumerate((steps or {}).items())
    )
    contracts = {
        name: Contract(name, was or name, name, date(2026, 1, 1), "p", "GBP", ClientTerms("c", "C"), (), (), was=was)
        for name, was in (projects or {}).items()
    }
    named = {name: was or name for name, was in (sources or {}).items()}
    stated = {name: was for name, was in (sources or {}).items() if was is not None}
    return Agreement({"p": Policy("p", Terms("eom", ()), ladder=ladder)}, contracts, None, named, "", stated)


def steps_of(resolved: Resolved) -> dict[str, str]:
    assert resolved.problems == ()
    return {step.name: step.key for step in resolved.agreement.policies["p"].ladder}


def taken(*keys: str) -> Known:
    """The journal knows these steps of the policy."""
    return Known(steps=frozenset(("p", key) for key in keys))


def test_in_a_new_store_everything_is_known_by_its_name_or_its_former_one() -> None:
    resolved = resolve(version({"a": None, "b": "old"}, {"s": "t"}, {"x": ""}), None, Known())
    assert steps_of(resolved) == {"a": "a", "b": "old"}
    assert resolved.agreement.sources == {"s": "t"}
    assert resolved.agreement.contracts["x"].key == "x"
    assert resolved.agreement.digest == digest_of(resolved.agreement)


def test_a_step_renamed_without_was_is_asked_about() -> None:
    first = resolve(version({"heads-up": None, "reminder": None}), None, Known()).agreement
    (problem,) = resolve(version({"heads-up": None, "first-reminder": None}), first, taken("reminder")).problems
    assert problem.where == "payflow.toml, policy.p"
    assert problem.found == "step 'reminder' is gone and 'first-reminder' is new"
    assert 'was = "reminder"' in problem.remedy
    assert 'was = ""' in problem.remedy


def test_a_step_renamed_with_was_keeps_its_key_and_the_line_may_stay_for_ever() -> None:
    first = resolve(version({"reminder": None}), None, Known()).agreement
    second = resolve(version({"first-reminder": "reminder"}), first, taken("reminder"))
    assert steps_of(second) == {"first-reminder": "reminder"}
    third = resolve(version({"first-reminder": "reminder"}), second.agreement, taken("reminder"))
    assert steps_of(third) == {"first-reminder": "reminder"}
    assert third.agreement.digest == second.agreement.digest
    without = resolve(version({"first-reminder": None}), third.agreement, taken("reminder"))
    assert steps_of(without) == {"first-reminder": "reminder"}


def test_a_step_renamed_twice_keeps_its_first_key() -> None:
    first = resolve(version({"a": None}), None, Known()).agreement
    second = resolve(version({"b": "a"}), first, taken("a")).agreement
    assert steps_of(resolve(version({"c": "b"}), second, taken("a"))) == {"c": "a"}


def test_a_new_step_under_the_former_name_of_another_gets_a_key_of_its_own() -> None:
    first = resolve(version({"a": None}), None, Known()).agreement
    second = resolve(version({"b": "a"}), first, taken("a")).agreement
    third = resolve(version({"b": "a", "a": None}), second, taken("a"))
    assert steps_of(third) == {"b": "a", "a": "a~2"}
    # both lines stay as they are, and both keys do
    fourth = resolve(version({"b": "a", "a": None}), third.agreement, taken("a", "a~2"))
    assert steps_of(fourth) == {"b": "a", "a": "a~2"}


def test_two_steps_may_swap_their_names() -> None:
    first = resolve(version({"a": None, "b": None}), None, Known()).agreement
    swapped = version({"a": "b", "b": "a"})
    second = resolve(swapped, first, taken("a", "b"))
    assert steps_of(second) == {"a": "b", "b": "a"}
    assert steps_of(resolve(swapped, second.agreement, taken("a", "b"))) == {"a": "b", "b": "a"}


def test_a_step_that_is_really_new_says_so() -> None:
    first = resolve(version({"reminder": None}), None, Known()).agreement
    second = resolve(version({"letter": ""}), first, taken("reminder"))
    assert steps_of(second) == {"letter": "letter"}
    # the same name for something else: the old key stays with the past
    third = resolve(version({"reminder": ""}), second.agreement, taken("reminder", "letter"))
    assert steps_of(third) == {"reminder": "reminder~2"}
    assert steps_of(resolve(version({"reminder": ""}), third.agreement, taken("reminder"))) == {
        "reminder": "reminder~2"
    }


def test_a_step_taken_out_alone_is_no_problem_and_put_back_it_is_the_same_one() -> None:
    first = resolve(version({"a": None, "b": None}), None, Known()).agreement
    second = resolve(version({"a": None}), first, taken("a", "b"))
    assert steps_of(second) == {"a": "a"}
    assert steps_of(resolve(version({"a": None, "b": None}), second.agreement, taken("a", "b"))) == {"a": "a", "b": "b"}


def test_a_step_nobody_was_ever_sent_may_be_renamed_freely() -> None:
    first = resolve(version({"a": None}), None, Known()).agreement
    assert steps_of(resolve(version({"b": None}), first, Known())) == {"b": "b"}


def test_a_former_name_that_was_misspelt_is_asked_about() -> None:
    first = resolve(version({"reminder": None}), None, Known()).agreement
    (problem,) = resolve(version({"first": "remindr"}), first, taken("reminder")).problems
    assert "'reminder' is gone and 'first' is new" in problem.found


def test_two_steps_cannot_both_be_what_one_was() -> None:
    first = resolve(version({"a": None}), None, Known()).agreement
    (problem,) = resolve(version({"b": "a", "c": "a"}), first, taken("a")).problems
    assert problem.found == "steps 'b' and 'c' would both be what was 'a'"


def test_another_policy_is_another_place() -> None:
    first = resolve(version({"a": None}), None, Known()).agreement
    other = replace(first.policies["p"], name="q", ladder=(Step("z", "z", 1, "reminder"),))
    second = replace(first, policies={"p": replace(first.policies["p"], ladder=()), "q": other})
    assert resolve(second, first, taken("a")).problems == ()


def test_a_source_is_renamed_like_a_step() -> None:
    known = Known(sources=frozenset({"books"}))
    first = resolve(version(sources={"books": None}), None, Known()).agreement
    (problem,) = resolve(version(sources={"xero": None}), first, known).problems
    assert problem.found == "source 'books' is gone and 'xero' is new"
    second = resolve(version(sources={"xero": "books"}), first, known).agreement
    assert second.sources == {"xero": "books"}
    third = resolve(version(sources={"xero": "books", "books": None}), second, known).agreement
    assert third.sources == {"xero": "books", "books": "books~2"}
    fourth = resolve(version(sources={"xero": "books", "books": None}), third, known).agreement
    assert fourth.sources == third.sources


def test_a_source_known_before_any_version_was_journaled_is_asked_about_too() -> None:
    known = Known(sources=frozenset({"xero"}))
    (problem,) = resolve(version(sources={"books": None}), None, known).problems
    assert "'xero' is gone and 'books' is new" in problem.found
    assert resolve(version(sources={"books": "xero"}), None, known).agreement.sources == {"books": "xero"}
    assert resolve(version(sources={"books": ""}), None, known).agreement.sources == {"books": "books"}


def test_a_project_is_renamed_like_a_step_and_a_deleted_contract_is_no_problem() -> None:
    known = Known(projects=frozenset({"site"}))
    first = resolve(version(projects={"site": None}), None, Known()).agreement
    assert resolve(version(), first, known).problems == ()
    (problem,) = resolve(version(projects={"shop": None}), first, known).problems
    assert problem.found == "project 'site' is gone and 'shop' is new"
    renamed = resolve(version(projects={"shop": "site"}), first, known).agreement
    assert renamed.contracts["shop"].key == "site"


NAMES = st.sampled_from("abcd")
EDITS = st.lists(st.dictionaries(NAMES, st.none() | st.just("") | NAMES, max_size=4), min_size=1, max_size=5)


@given(EDITS)
def test_whatever_is_edited_no_two_steps_share_a_key_and_a_second_look_changes_nothing(
    edits: list[dict[str, Was]],
) -> None:
    previous, seen = None, set[str]()
    for edit in edits:
        resolved = resolve(version(edit), previous, taken(*seen))
        if resolved.problems:
            continue
        keys = steps_of(resolved)
        assert len(set(keys.values())) == len(keys)
        seen |= set(keys.values())
        again = resolve(version(edit), resolved.agreement, taken(*seen))
        assert again == resolved
        previous = resolved.agreement
