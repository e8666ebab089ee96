PYTHONPATH=. /jeoul/cache/v0/bin/python .bench.py
