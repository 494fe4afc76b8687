# convoke. `make` builds, `make test` runs everything, `make help` lists the rest.

PREFIX   ?= /usr/local
DESTDIR  ?=
BINDIR   ?= $(PREFIX)/bin
LIBDIR   ?= $(PREFIX)/lib
DOCDIR   ?= $(PREFIX)/share/doc/convoke
MANDIR   ?= $(PREFIX)/share/man
BASHDIR  ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR   ?= $(PREFIX)/share/zsh/site-functions
FISHDIR  ?= $(PREFIX)/share/fish/vendor_completions.d

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
COMMIT   ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
LDFLAGS  := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)
BINARY   := bin/convoke

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build
.PHONY: build test prerequisites vet lint gotest ordeals fuzz soak demo install uninstall clean help FORCE

build: $(BINARY) ## build bin/convoke

$(BINARY): FORCE # the go command knows best what is out of date
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/convoke

test: prerequisites vet lint gotest ordeals ## everything: checks, and all tests, with the real calendar servers

prerequisites: ## what the tests need from the system; installed when root, else named
	@tools/prerequisites

vet: ## go vet
	$(GO) vet ./...
	$(GO) vet -tags crashpoints ./cmd/convoke

lint: ## formatting, staticcheck, import directions, the systemd unit
	@unformatted=$$(gofmt -l .); \
		if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; fi
	$(GO) tool -modfile=tools/go.mod staticcheck ./...
	$(GO) tool -modfile=tools/go.mod staticcheck -tags crashpoints ./cmd/convoke
	$(GO) test ./internal/lint

# These start real calendar servers, on ports of their own and with packages that they install: one after the other.
SERVER_SUITES := ./calendar/caldav ./calendar/caldavtest/servers ./cmd/convoke
GOTEST := $(GO) test -json -race -count=1 -timeout=20m $(TESTFLAGS)

# What takes long, plays with a program of its own, or measures it: without the race detector, see doc/reliability.md.
ORDEALS := ^Test(Threat|CrashPoints|Chaos|Edits|MemoryLimit|TenThousand|FaultsByRequest|Weeks|KilledAnywhere|FaultLedgerCannotCommit|RandomSeries|FaultHugeInput|FaultReadOnlyIsNoStorm|FaultPasswordParks|FaultCalendarMissing|FaultNotFoundUpstream|FaultRateLimit$$|FaultCalendarEmptied|Year$$|Span$$|Model$$|Ablation$$)

# What computes for long has one processor; what starts programs and servers, and waits for them, has the other one.
LONG_SUITES := ./sync ./store/sqlite ./calendar

gotest: bin/testsummary ## all other tests, with the race detector; ends with what was skipped and why
	@suites=$$($(GO) list $(SERVER_SUITES)); long=$$($(GO) list $(LONG_SUITES)); \
	others=$$($(GO) list ./... | grep -vxF "$$suites" | grep -vxF "$$long"); \
	{ status=0; \
		$(GOTEST) -skip '$(ORDEALS)' -p 1 $$long & waiting=$$!; \
		$(GOTEST) -skip '$(ORDEALS)' -p 1 $$suites $$others || status=1; \
		wait $$waiting || status=1; exit $$status; } | bin/testsummary

HISTORIES ?= 10000
ORDEAL    := $(GO) test -json -count=1 -timeout=30m $(TESTFLAGS)

# The model has all processors for itself; GOGC, since it leaves much behind that is soon garbage. Of the others one part waits for servers and processes while another one computes.
ordeals: bin/testsummary ## the model (HISTORIES), crash points, chaos, threats, edits beside the daemon: they take long
	@{ status=0; \
		GOGC=400 $(ORDEAL) ./sync -run '^TestModel$$' -parallel 8 -rapid.checks=$(HISTORIES) || status=1; \
		{ $(ORDEAL) ./internal/transport ./cmd/convoke -run '$(ORDEALS)' -skip '^Test(Chaos|Edits)' & waiting=$$!; \
			$(ORDEAL) ./cmd/convoke -run '^Test(Chaos|Edits)' || status=1; \
			GOGC=400 $(ORDEAL) ./sync -run '$(ORDEALS)' -skip '^TestModel$$' || status=1; \
			wait $$waiting || status=1; }; \
		exit $$status; } | bin/testsummary -log

bin/testsummary: FORCE
	@$(GO) build -o $@ ./internal/lint/testsummary

FUZZTIME ?= 15s
FUZZJOBS ?= 2
FUZZ     ?= .

fuzz: ## every fuzz target for FUZZTIME (15s), FUZZJOBS (2) at a time; FUZZ is a pattern of their names
	$(GO) run ./internal/lint/fuzzing -time '$(FUZZTIME)' -jobs '$(FUZZJOBS)' -run '$(FUZZ)'

SOAK ?= 3600

soak: ## the ordeals over and over, for about SOAK seconds (3600); any failure ends it
	end=$$((SECONDS + $(SOAK) / 4)); while [ $$SECONDS -lt $$end ]; do \
		$(GO) test ./sync -count=1 -run '^TestModel$$' -rapid.checks=5000 -timeout 0 -v | grep -v '^=== '; done
	CONVOKE_CHAOS_FOR=$$(($(SOAK) / 4))s $(GO) test ./cmd/convoke -count=1 -run '^TestChaos$$' -timeout 0 -v
	CONVOKE_EDITS_FOR=$$(($(SOAK) / 40))s $(GO) test ./cmd/convoke -count=1 -run '^TestEdits$$' -timeout 0 -v
	$(GO) test ./cmd/convoke -count=1 -run '^TestCrashPoints$$' -crash.pairs $$(($(SOAK) / 2)) -crash.seed $$RANDOM -timeout 0 -v
	$(MAKE) --no-print-directory fuzz FUZZTIME=$$(($(SOAK) / 60))s

demo: ## a calendar server and a platform in one process, to try with a calendar program
	$(GO) run ./cmd/convoke demo

install: build ## into PREFIX (and DESTDIR): program, unit, user, example configuration, completions, documents
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBDIR)/systemd/system' '$(DESTDIR)$(LIBDIR)/sysusers.d' '$(DESTDIR)$(DOCDIR)/doc' '$(DESTDIR)$(DOCDIR)/systemd'
	install -m 0755 $(BINARY) '$(DESTDIR)$(BINDIR)/convoke'
	sed 's|/usr/bin/convoke|$(BINDIR)/convoke|' systemd/convoke.service | install -m 0644 /dev/stdin '$(DESTDIR)$(LIBDIR)/systemd/system/convoke.service'
	install -m 0644 systemd/convoke.sysusers.conf '$(DESTDIR)$(LIBDIR)/sysusers.d/convoke.conf'
	$(BINARY) completion bash | install -D -m 0644 /dev/stdin '$(DESTDIR)$(BASHDIR)/convoke'
	$(BINARY) completion zsh | install -D -m 0644 /dev/stdin '$(DESTDIR)$(ZSHDIR)/_convoke'
	$(BINARY) completion fish | install -D -m 0644 /dev/stdin '$(DESTDIR)$(FISHDIR)/convoke.fish'
	install -m 0644 README.md CHANGELOG.md LICENSE config.example.toml '$(DESTDIR)$(DOCDIR)'
	install -m 0644 $(wildcard doc/*.md) '$(DESTDIR)$(DOCDIR)/doc'
	install -m 0644 systemd/README.md '$(DESTDIR)$(DOCDIR)/systemd'
	for page in $(wildcard doc/*.[1-8]); do \
		install -D -m 0644 -t '$(DESTDIR)$(MANDIR)'/man$${page##*.} $$page; done

uninstall: ## take away what install put there; configuration and ledger stay
	rm -f '$(DESTDIR)$(BINDIR)/convoke' '$(DESTDIR)$(LIBDIR)/systemd/system/convoke.service' \
		'$(DESTDIR)$(LIBDIR)/sysusers.d/convoke.conf' $(foreach page,$(wildcard doc/*.[1-8]),'$(DESTDIR)$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))')
	rm -f '$(DESTDIR)$(BASHDIR)/convoke' '$(DESTDIR)$(ZSHDIR)/_convoke' '$(DESTDIR)$(FISHDIR)/convoke.fish'
	rm -rf '$(DESTDIR)$(DOCDIR)'

clean: ## what was built
	rm -rf bin

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24
