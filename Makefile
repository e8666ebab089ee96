# Jeoul. Two commands do everything on a fresh machine: `make run` and `make test` (as root, or with sudo).
#   make run [MIRROR=http://your.mirror/debian]   build the image, boot it in a small lab, balance traffic, stay
#   make test                                     set up and run every test
#   make check                                    the quick part of the tests, under 3 minutes
#   make soak SOAK=name                           a long proof; `make soak` lists them
#   make image                                    only build the image; prints its path
export MIRROR
ENTER := JEOUL_OWN_PIDS=1 toolroot/enter

.PHONY: run test check soak image clean-cache

run:
	@$(ENTER) tools/run

test:
	@$(ENTER) tools/test

check:
	@$(ENTER) tools/check

image:
	@$(ENTER) images/build

soak:
	@$(ENTER) tools/soak "$(SOAK)"

# Everything that was built or downloaded; the next `make` makes it again.
clean-cache:
	rm -rf "$${JEOUL_CACHE:-/var/cache/jeoul}"
