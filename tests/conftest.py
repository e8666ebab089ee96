"""What all tests share: the lab's marks and fixtures."""

import pytest

pytest.register_assert_rewrite("tests.engines.contract")

pytest_plugins = ["tests.lab.plugin"]
