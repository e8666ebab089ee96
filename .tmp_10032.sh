time /jeoul/cache/v0/bin/python -m pytest -q tests -m "not kernel and not image and not lab" --timeout 300 -x --maxfail=20 2>&1 | tail -40
