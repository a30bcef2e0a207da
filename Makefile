# Each line here is one that could be typed. The tools are installed once, in the user's cache: see ci/tools.

# What runs under the race detector (not the explorations, in which all take turns); when tests that hang are ended, and
# no sooner on any machine that gets on; how long each target is fuzzed; which benchmarks run.
RACE = -short -skip "^TestEvery" ./publisher/... ./generator ./generator/ask ./generator/check ./generator/importer \
	./generator/pages ./generator/survey
TIMEOUT = 80m
FUZZTIME = 30s
BENCH = .

# What the tests run beside portolan: the clients that users have, and servers of the buckets that they keep.
TOOLS = helm3 helm4 helm3.4-index helm3.5-index helm3.8-index helm3.12-index helm3.13-index argocd-index helm-cm-push curl \
	crane oci-conformance registry versitygw fake-gcs-server azurite-blob strace html-validate chromium nginx kube-schemas \
	gitlab-ci-local actionlint shellcheck busybox git gpg

# How portolan is built, here and wherever ci/ builds it: static, stripped, without this machine's paths, and without what
# only the gRPC client of Google Cloud Storage needs, which portolan does not use.
FLAGS = -trimpath -tags=disable_grpc_modules -ldflags='-s -w'

# So does all else here build packages, each of which is compiled once then.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -tags=disable_grpc_modules $(GOFLAGS)

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 8

build: ## build .build/portolan
	CGO_ENABLED=0 go build $(FLAGS) -o .build/portolan ./cmd/portolan

release: ## build archives for every platform into .build/release, with their SHA-256 sums
	CGO_ENABLED=0 go run ./ci/archives -o .build/release $(FLAGS)

demo: build ## publish a few charts and serve them on loopback until Ctrl-C (DEMO_LISTEN=ADDRESS)
	ci/demo

test: ## run every test
	tools=$$(ci/tools/install $(TOOLS)) && PORTOLAN_TOOLS=$$tools go test -timeout $(TIMEOUT) ./...

race: ## run the concurrent tests under the race detector (RACE)
	tools=$$(ci/tools/install $(TOOLS)) && PORTOLAN_TOOLS=$$tools CGO_ENABLED=1 go test -timeout $(TIMEOUT) -race $(RACE)

bench: build ## measure portolan beside its peers, in at most ten minutes
	tools=$$(ci/tools/install helm3) && go run ./ci/bench -portolan .build/portolan -helm "$$tools/helm3"

gobench: ## run the Go benchmarks of what is called often (BENCH)
	go test -run '^$$' -bench '$(BENCH)' -benchmem $$(grep -rl --include='*_test.go' 'func Benchmark' . | xargs -n1 dirname | sort -u)

check: ## formatting, vet, staticcheck, shellcheck, go.mod
	! gofmt -l . | grep .
	for os in linux darwin windows; do GOOS=$$os go vet ./... || exit; done
	tools=$$(ci/tools/install staticcheck) && for os in linux darwin windows; do GOOS=$$os "$$tools/staticcheck" ./... || exit; done
	ci/tools/install shellcheck git >/dev/null && shellcheck $$(git ls-files | xargs awk 'FNR == 1 && /^#!.*sh$$/ { print FILENAME }')
	go mod tidy -diff

vuln: ## look for known vulnerabilities; needs the database on the network
	tools=$$(ci/tools/install govulncheck) && "$$tools/govulncheck" ./...

fuzz: ## run each fuzz target for a while (FUZZTIME)
	ci/fuzz $(FUZZTIME)

golden: ## rewrite the golden files; read the diff before committing it
	go test -run Golden $$(grep -rlE --include='*_test.go' 'func Test[A-Za-z_]*Golden' . | xargs -n1 dirname | sort -u) -update

.PHONY: help build release demo test race bench gobench check vuln fuzz golden
