"""Spread the tables of `OpLaws` subclasses over their tests; the fixtures that several rooms share."""

from tests.mirrors import home, server  # noqa: F401


def pytest_generate_tests(metafunc):
    for argument, table in (("a_case", "cases"), ("refusal", "refused")):
        if argument in metafunc.fixturenames:
            rows = getattr(metafunc.cls, table)
            metafunc.parametrize(argument, rows.values(), ids=rows.keys())
