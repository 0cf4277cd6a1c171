# Short names for the npm scripts; they hold the work.
.PHONY: start test soak lint types bench

start test lint types:
	npm run $@

soak:
	npm run test:soak

bench:
	npm run bench -- $(SUITE)
