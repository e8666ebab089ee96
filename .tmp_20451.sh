/jeoul/cache/v0/bin/python -m pytest -q tests/api/test_walls.py -k complete_and_typed 2>&1 | tail -30
time /jeoul/cache/v0/bin/python -m pytest -q tests/conventions tests/model tests/golden tests/test_table.py tests/test_kinds.py 2>&1 | tail -30
