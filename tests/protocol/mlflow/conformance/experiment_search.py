"""Searching experiments: the filter grammar, order and pages."""

from tests.protocol.mlflow.conformance.stories import Step, bad, ok

STORIES: dict[str, tuple[Step, ...]] = {
    "search": (
        ok(
            "POST experiments/create",
            {"name": "find/a", "tags": [{"key": "find", "value": "One"}]},
            expa="experiment_id",
        ),
        ok(
            "POST experiments/create",
            {"name": "find/b", "tags": [{"key": "find", "value": "two"}]},
            expb="experiment_id",
        ),
        ok(
            "POST experiments/create",
            {"name": "find/c", "tags": [{"key": "find", "value": "Two"}]},
            expc="experiment_id",
        ),
        ok("POST experiments/delete", {"experiment_id": "{expc}"}),
        *(
            ok("POST experiments/search", {"max_results": 10, "filter": text}, has={"experiments.#": count})
            for text, count in (
                ("name LIKE 'find/%'", 2),
                ("name LIKE 'FIND/%'", 0),
                ("name ILIKE 'FIND/%'", 2),
                ("attribute.name = 'find/a'", 1),
                ("name != 'find/a' AND name LIKE 'find/%'", 1),
                ("tags.find = 'One'", 1),
                ("tag.find LIKE '%w%'", 1),
                ("tags.`find` ILIKE 'ONE'", 1),
                ("tags.find != 'One'", 1),
                ("tags.none = 'x'", 0),
                ("name LIKE 'find/%' AND creation_time > 0", 2),
                ("name LIKE 'find/%' AND last_update_time < 1", 0),
            )
        ),
        ok(
            "GET experiments/search",
            {"max_results": 10, "filter": "name = 'find/b'"},
            has={"experiments.0.name": "find/b"},
        ),
        ok(
            "POST experiments/search",
            {"max_results": 9, "filter": "name LIKE 'find/%'", "view_type": "ALL"},
            has={"experiments.#": 3},
        ),
        ok(
            "POST experiments/search",
            {"max_results": 9, "filter": "name LIKE 'find/%'", "view_type": "DELETED_ONLY"},
            has={"experiments.#": 1, "experiments.0.name": "find/c"},
        ),
        ok(
            "POST experiments/search",
            {"max_results": 1, "filter": "name LIKE 'find/%'", "order_by": ["name ASC"]},
            has={"experiments.0.name": "find/a"},
            token="next_page_token",
        ),
        ok(
            "POST experiments/search",
            {"max_results": 1, "filter": "name LIKE 'find/%'", "order_by": ["name"], "page_token": "{token}"},
            has={"experiments.0.name": "find/b", "next_page_token": None},
        ),
        ok(
            "POST experiments/search",
            {"max_results": 5, "filter": "name LIKE 'find/%'", "order_by": ["experiment_id DESC"]},
            has={"experiments.0.name": "find/b"},
        ),
        bad(
            "POST experiments/search",
            {},
            "INVALID_PARAMETER_VALUE: Invalid value 0 for parameter 'max_results' supplied. It must be a positive",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 0},
            "INVALID_PARAMETER_VALUE: Invalid value 0 for parameter 'max_results' supplied. It must be a positive",
        ),
        bad(
            "POST experiments/search",
            {"max_results": -1},
            "INVALID_PARAMETER_VALUE: Invalid value -1 for parameter 'max_results' supplied. It must be a positive",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 50001},
            "INVALID_PARAMETER_VALUE: Invalid value 50001 for parameter 'max_results' supplied. It must be at most",
        ),
        bad(
            "POST experiments/search",
            {"max_results": "many"},
            "INVALID_PARAMETER_VALUE: Invalid value \"many\" for parameter 'max_results' supplied:  Hint: Value was of",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "page_token": "%%%"},
            "INVALID_PARAMETER_VALUE: Invalid page token, decoded value=b''",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "page_token": "e30="},
            "INVALID_PARAMETER_VALUE: Invalid page token, parsed value={}",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "name"},
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: name",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "name = a"},
            "INVALID_PARAMETER_VALUE: Parameter value is either not quoted or unidentified quote types used for",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "name = 'a' OR name = 'b'"},
            "INVALID_PARAMETER_VALUE: Invalid clause(s) in filter string: OR",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "metrics.a > 1"},
            "INVALID_PARAMETER_VALUE: Invalid entity type 'metrics'. Valid entity types are ('attribute', 'tag',",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "color = 'red'"},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "name > 'a'"},
            "INVALID_PARAMETER_VALUE: Invalid comparator '>' not one of",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "filter": "creation_time = 'a'"},
            "INVALID_PARAMETER_VALUE: Expected numeric value type for numeric attribute: creation_time. Found 'a'",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "order_by": ["color"]},
            "INVALID_PARAMETER_VALUE: Invalid attribute key 'color' specified. Valid keys are '",
        ),
        bad(
            "POST experiments/search",
            {"max_results": 5, "order_by": ["name SIDEWAYS"]},
            "INVALID_PARAMETER_VALUE: Invalid ordering key in order_by clause 'name SIDEWAYS'.",
        ),
        ok(
            "POST experiments/search", {"max_results": 5, "filter": "name LIKE 'find/%'", "view_type": "SOME"}
        ),
    ),
}
