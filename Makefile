# Each target ends with one line, `NAME: ok (figures)` or why not; the work is in dev/.

node = @command -v node >/dev/null || { echo "$@: failed (Node is missing: install 20 or newer, then run this again)"; exit 1; }; node

.PHONY: setup
setup: ## installs what the other targets need, with apt, rustup, pip and npm; FOR=lint only what that target needs
	$(node) dev/setup/run.mjs $(FOR)

.PHONY: demo
demo: ## one login on real parts; with HEADLESS=1 a browser clicks
	$(node) dev/demo/demo.mjs $(if $(HEADLESS),--headless)

.PHONY: backstage
backstage: ## a real Backstage with everything around it, to try things out in; with HEADLESS=1 it only starts and stops
	$(node) dev/environment/backstage.mjs $(if $(HEADLESS),--headless)

.PHONY: backstage-test
backstage-test: ## the same, used by a browser: logins, pods, failures, two users
	$(node) dev/environment/backstage-test.mjs

.PHONY: extension
extension: ## the browser extension for Chrome and Firefox, unpacked and as archives, in target/extension/
	$(node) extension/build/extension.mjs

.PHONY: extension-test
extension-test: ## the browser extension in Chromium and Firefox, in a real Backstage with everything around it
	$(node) dev/environment/extension-test.mjs

.PHONY: test
test: ## every test and check, after installing what they need
	$(node) dev/suites/test.mjs test

.PHONY: test-all
test-all: ## the same with nothing left out, then the whole image, packed, stock-app, Windows and macOS, storm, watches, upgrade, simulation, mutations, million, providers, a real API server, the chart's container, platforms and release
	$(node) dev/suites/test.mjs test-all

.PHONY: lint
lint: ## the checks only: fmt, clippy, Windows and macOS, cargo-deny, shellcheck, types; installs nothing
	$(node) dev/suites/test.mjs lint

.PHONY: image-quick
image-quick: ## the image's last stage around the debug binary, and a login through it
	$(node) dev/image/quick.mjs

.PHONY: image
image: ## builds the whole image and logs in through it: alone, and among the services of compose.yaml
	$(node) dev/image/image.mjs

.PHONY: release
release: ## the program for each system, packed, with checksums, into target/release-files/; ONLY=linux_amd64,… takes some, PROFILE=dev is sooner there
	$(node) dev/release/release.mjs

.PHONY: licenses
licenses: ## writes THIRD-PARTY-LICENSES.txt anew, when Cargo.lock has changed
	$(node) dev/release/licenses/write.mjs

.PHONY: release-lists
release-lists: ## the checksums, formula and manifest alone, for files that several machines have made
	$(node) dev/release/lists.mjs

.PHONY: release-test
release-test: ## installs what make release has left, and logs in: from an empty root folder, a bare Debian, and arm64 in qemu
	$(node) dev/release/tries/tries.mjs

.PHONY: platforms
platforms: ## the program for Windows, built whole and run under Wine, and a login handed over in WebKit, the nearest to Safari here
	$(node) dev/platforms/platforms.mjs

.PHONY: npm
npm: ## the npm packages, published to a registry on loopback; logins by npx, npm -g, pnpm dlx and yarn dlx
	$(node) dev/npm/npm.mjs

.PHONY: kubectl
kubectl: ## kubectl, helm 3 and 4 through the backend, before a cluster with a node: exec, cp, port-forward, apply, releases; ROUTES=direct,ingress,portal
	$(node) dev/kubectl/kubectl.mjs

.PHONY: kubectl-real
kubectl-real: ## the same before a real kube-apiserver, with k9s in a terminal; they are built once, for twenty minutes
	$(node) dev/kubectl/kubectl.mjs real

.PHONY: kubectl-hours
kubectl-hours: ## eight hours of three loops of kubectl and a k9s, on a moved clock; a sign-in that ends in between costs one tab
	$(node) dev/kubectl/kubectl.mjs hours

.PHONY: chart
chart: ## the Helm chart: lint, refusals, golden manifests, schemas of Kubernetes 1.32 to 1.36; RENEW_GOLDEN=1 writes the manifests anew
	$(node) dev/chart/chart.mjs

.PHONY: chart-real
chart-real: ## a real kube-apiserver takes what the chart renders, pods where restricted is enforced, and the commands of docs/helm.md
	$(node) dev/chart/chart.mjs real

.PHONY: chart-container
chart-container: ## the container that the chart renders, with its files, user and read-only root, and logins through it
	$(node) dev/chart/chart.mjs container

.PHONY: packed
packed: ## packs the Backstage plugins as they are published, installs and loads them
	$(node) dev/suites/test.mjs packed

.PHONY: stock-app
stock-app: ## the app of Backstage's create-app with docs/backstage.md done to it: checked, built, and a login in a browser
	$(node) backstage/stock-app/stock-app.mjs

.PHONY: program
program: ## all tests of the program, also those of rare nights that make test leaves out
	$(node) dev/suites/test.mjs program

.PHONY: storm
storm: ## 1,000 requests at once over 3 replicas while a login has to be refreshed; REQUESTS=n, REPLICAS=n
	$(node) dev/measurements/run.mjs storm --size REQUESTS=$(or $(REQUESTS),1000) --size REPLICAS=$(or $(REPLICAS),3)

.PHONY: watches
watches: ## 5,000 watches and 100 people reading beside them, then 1,000 exec sessions and 1.3 GB of log: memory, the slowest read; WATCHES=n
	$(node) dev/measurements/run.mjs watches --size WATCHES=$(or $(WATCHES),5000)

.PHONY: upgrade
upgrade: ## an earlier binary and this one on one Redis under load, rolled forward and back, and by turns on one file; EARLIER=commit
	$(node) dev/measurements/run.mjs upgrade $(if $(EARLIER),--size EARLIER=$(EARLIER))

.PHONY: simulation
simulation: ## a million schedules of the refresh code; SCHEDULES=n runs so many, SEED=n replays one
	@CARGO_PROFILE_TEST_OPT_LEVEL=2 CARGO_PROFILE_DEV_OPT_LEVEL=2 SCHEDULES=$(or $(SCHEDULES),1000000) cargo test --locked --test simulation

.PHONY: mutations
mutations: ## changes the refresh code in one place after the other; the simulation has to notice each; a quarter a day, SHARD=0/1 tries all
	$(node) dev/mutations/run.mjs $(if $(SHARD),--shard $(SHARD))

.PHONY: million
million: ## a million logins in Redis: what list, revoke, sweep and status take; LOGINS=n has fewer
	$(node) dev/measurements/run.mjs million --size LOGINS=$(or $(LOGINS),1000000)

.PHONY: bench
bench: ## release binaries side by side: start, callback, API, Kubernetes proxy, refreshes; writes docs/performance.md; ROWS=token,… some, BEFORE=FILE or BASELINE=FILE an earlier binary
	$(node) bench/bench.mjs

.PHONY: bench-planted
bench-planted: ## plants a sleep of one millisecond in the path of GET /token, which the figures of bench have to show
	$(node) bench/bench.mjs planted

.PHONY: providers
providers: ## the whole path with a real Keycloak, Dex and Zitadel's example server; PROVIDERS=dex STEPS=logout runs less
	$(node) dev/measurements/run.mjs providers --size PROVIDERS=$(PROVIDERS) --size STEPS="$(STEPS)"
