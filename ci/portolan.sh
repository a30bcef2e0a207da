#!/bin/sh
# Packages and uploads charts, and runs the generator, in any CI and on any machine, with curl, helm and the binary.
# No secret stands on a command line, where 'ps' shows it, nor in a variable that 'set -x' would print.
#
#	ci/portolan.sh upload CHART...		to the shim at CHARTS_URL
#	ci/portolan.sh package FOLDER CHART...	into the folder only
#	ci/portolan.sh promote FROM NAME VERSION...	what the channel FROM has of a chart to CHARTS_CHANNEL
#	ci/portolan.sh generate [FLAG]...	what 'portolan generate' does
#	ci/portolan.sh get			prints the path of the binary, which it gets first if needed
#
# A CHART is an archive, a folder with a Chart.yaml, or a folder of such folders. Folders are packaged and linted
# before anything is uploaded.
#
#	CHARTS_URL           where the shim is, such as https://charts.example.com
#	CHARTS_CHANNEL       the channel to upload or to promote to (stable)
#	CHARTS_TOKEN         the token to do that with; it may be the job's, of GitLab's id_tokens
#	CHARTS_TOKEN_FILE    a file that holds it instead
#	CHARTS_USER          a user name, if the token is to go with one, such as gitlab-ci-token
#	CHARTS_AUDIENCE      in GitHub without a token: whom the job's OIDC token is made for (CHARTS_URL)
#	CHARTS_SINCE         a commit, by its hash: charts that have not changed since then are left out
#	CHARTS_WAIT          how many seconds to wait for the verdict on a promotion (600)
#	CHARTS_PLAIN_HTTP    yes sends the token to an http:// URL of another machine
#	HELM_PACKAGE_FLAGS   flags of 'helm package' (--dependency-update)
#	PORTOLAN_BINARY_URL, PORTOLAN_BINARY_SHA256   where the binary is, or an archive of a release (.tar.gz), and what
#	                     that file must be; or
#	PORTOLAN_VERSION     the version that 'go install' builds; without either, the portolan in the PATH
#	                     is used, or else the one that the checkout around this script holds is built
#
# It ends with 0 when all is done, 1 when it failed, 2 for wrong settings, 3 when some chart was refused:
# the others are uploaded. A promotion is refused as a whole.

set -eu

say() { printf '%s\n' "portolan.sh: $*" >&2; }
die() { say "$@"; exit 1; }
need() { command -v "$1" >/dev/null || die "there is no $1 here; $2"; }

usage() {
	sed -n 's/^#	ci\/portolan.sh/usage: portolan.sh/p' "$0" >&2
	exit 2
}

# Prints a path that no program takes for an option.
path() { # PATH
	case $1 in
	-*) printf '%s\n' "./$1" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# Prints one line as it stands between double quotes, in curl's configuration and in its forms.
quoted() { sed 's/[\\"]/\\&/g' | tr -d '\r\n'; }

# Prints the folders of charts below or at a path.
charts_in() { # PATH
	if [ -f "$1/Chart.yaml" ]; then
		printf '%s\n' "$1"
		return
	fi
	for chart in "$1"/*/; do
		[ ! -f "$chart/Chart.yaml" ] || printf '%s\n' "${chart%/}"
	done
}

# Whether a chart is to be left out. What cannot be compared is not: the same content again changes nothing.
unchanged() { # FOLDER
	[ -n "${CHARTS_SINCE:-}" ] && git cat-file -e "$CHARTS_SINCE^{commit}" 2>/dev/null && same "$1" 1
}

# Whether nothing has changed in a chart's folder, nor in those of dependencies beside it (file://), and so on.
same() { # FOLDER DEPTH
	git diff --quiet "$CHARTS_SINCE" -- "$1" 2>/dev/null || return 1
	sed -n 's|.*file://\([^]}"'\'' ,]*\).*|\1|p' "$1/Chart.yaml" "$1/requirements.yaml" >"$tmp/beside$2" 2>/dev/null || :
	while IFS= read -r beside; do
		if [ "$2" -ge 8 ] || ! same "$1/$beside" $(($2 + 1)); then
			return 1
		fi
	done <"$tmp/beside$2"
}

# Fetches the commit to compare with: a CI's checkout is often of the last one only. It must be a hash, since git would
# take other text for an option, and some of git's options run commands.
fetch_since() {
	[ -n "${CHARTS_SINCE:-}" ] || return 0
	case $CHARTS_SINCE in
	*[!0123456789abcdefABCDEF]*)
		say "CHARTS_SINCE is not a commit's hash (hex digits): no chart is left out"
		CHARTS_SINCE=
		return
		;;
	esac
	git cat-file -e "$CHARTS_SINCE^{commit}" 2>/dev/null ||
		git fetch --quiet --depth=1 origin "$CHARTS_SINCE" 2>/dev/null ||
		say "the commit $CHARTS_SINCE is not to be had: no chart is left out"
}

# Packages into a folder, and lints. Archives are copied there as they are, with their signatures.
package() { # FOLDER CHART...
	[ $# -ge 2 ] || usage
	into=$(path "$1")
	shift
	mkdir -p "$into"
	fetch_since
	for given; do
		given=$(path "$given")
		if [ -f "$given" ]; then
			cp "$given" "$into"
			[ ! -f "$given.prov" ] || cp "$given.prov" "$into"
			continue
		fi
		charts_in "$given" >"$tmp/charts"
		[ -s "$tmp/charts" ] || die "$given is neither an archive, nor has it a Chart.yaml, nor a folder that has one"
		need helm "install it, or package the charts before"
		while IFS= read -r chart; do
			if unchanged "$chart"; then
				say "$chart has not changed since $CHARTS_SINCE"
				continue
			fi
			# shellcheck disable=SC2086 # flags, with spaces between them
			helm package ${HELM_PACKAGE_FLAGS---dependency-update} --destination "$into" "$chart" >&2 </dev/null ||
				die "$chart cannot be packaged; nothing is uploaded"
			# Now it has its dependencies, whose templates it may use.
			helm lint "$chart" >&2 </dev/null || die "$chart does not lint; nothing is uploaded"
		done <"$tmp/charts"
	done
}

# Asks GitHub for the job's token, and prints it.
github_token() {
	need curl "install it"
	curl --silent --show-error --fail --retry 3 --config - --get \
		--data-urlencode "audience=${CHARTS_AUDIENCE:-${CHARTS_URL%/}}" --url "$ACTIONS_ID_TOKEN_REQUEST_URL" <<END |
header = "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN"
END
		sed -n 's/.*"value" *: *"\([^"]*\)".*/\1/p'
}

# Prints the token. It fails without one.
token() {
	if [ -n "${CHARTS_TOKEN_FILE:-}" ]; then
		[ -r "$CHARTS_TOKEN_FILE" ] || die "CHARTS_TOKEN_FILE: cannot read $CHARTS_TOKEN_FILE"
		cat <"$CHARTS_TOKEN_FILE"
	elif [ -n "${CHARTS_TOKEN:+set}" ]; then
		cat <<END
$CHARTS_TOKEN
END
	elif [ -n "${ACTIONS_ID_TOKEN_REQUEST_TOKEN:+set}" ]; then
		github_token
	elif [ -n "${GITHUB_ACTIONS:-}" ]; then
		die "this job may not ask for a token of its own; give it 'permissions: {id-token: write}', or set CHARTS_TOKEN"
	else
		return 1
	fi
}

# Writes what curl sends with each upload to $tmp/credentials. The token goes through pipes, here-documents and files
# of ours only.
credentials() {
	if ! token >"$tmp/token"; then
		say "there is neither CHARTS_TOKEN nor CHARTS_TOKEN_FILE: uploading as nobody"
		: >"$tmp/credentials"
		return
	fi
	[ -s "$tmp/token" ] || die "the token is empty"
	check_transport
	{
		if [ -n "${CHARTS_USER:-}" ]; then
			printf 'user = "%s:' "$(printf '%s' "$CHARTS_USER" | quoted)"
		else
			printf 'header = "Authorization: Bearer '
		fi
		head -n 1 "$tmp/token" | quoted
		echo '"'
	} >"$tmp/credentials"
}

# A token that others can read on its way is no secret.
check_transport() {
	case $CHARTS_URL in
	https://* | http://localhost | http://localhost[:/]* | http://127.0.0.1 | http://127.0.0.1[:/]*) ;;
	*)
		[ "${CHARTS_PLAIN_HTTP:-}" = yes ] ||
			die "CHARTS_URL: a token is sent to https:// only; CHARTS_PLAIN_HTTP=yes sends it to $CHARTS_URL as well"
		;;
	esac
}

# Sends a request. The status of the answer is then in status, and why it may be refused in why.
ask() { # WHAT URL CURL-ARGUMENT...
	subject=$1 url=$2
	shift 2
	status=$(curl --silent --show-error --config "$tmp/credentials" --retry 4 --connect-timeout 20 --max-time 600 \
		--output "$tmp/answer" --write-out '%{http_code}' "$@" --url "$url") ||
		die "$subject: $CHARTS_URL cannot be reached; curl says above why"
	why=$(sed -n 's/^{"error":"\(.*\)","message":.*/\1/p' "$tmp/answer" | sed 's/\\\(["\]\)/\1/g')
	[ -n "$why" ] || why=$(head -c 500 "$tmp/answer" | tr '\r\n' '  ') # in GitHub, a line of its own may be a command
}

refuse() { # WHAT
	say "refused $1: $why"
	[ -z "${GITHUB_ACTIONS:-}" ] || printf '::error title=%s is refused::%s\n' \
		"$(printf '%s' "$1" | sed 's/%/%25/g; s/:/%3A/g; s/,/%2C/g')" "$(printf '%s' "$why" | sed 's/%/%25/g')"
}

# Uploads an archive. What the shim refuses is said, and counted; when it cannot take anything, that is the end.
send() { # ARCHIVE
	name=$(printf '%s' "${1##*/}" | tr -d '\r\n')
	form=$(printf '%s' "$1" | quoted)
	set -- --form "chart=@\"$form\"" ${2+--form "prov=@\"$form.prov\""}
	ask "$name is not uploaded" "$endpoint/charts" --request POST "$@"
	case $status in
	20?) say "uploaded $name to ${CHARTS_CHANNEL:-stable}" ;;
	400 | 409 | 413 | 422)
		refused=$((refused + 1))
		refuse "$name"
		;;
	*) die "$name is not uploaded: $endpoint answers $status: $why" ;;
	esac
}

# Sets endpoint to where the channel is to be asked for.
check_url() {
	[ -n "${CHARTS_URL:-}" ] || die "CHARTS_URL is not set; it says where the shim is, such as https://charts.example.com"
	case $CHARTS_URL in
	http://* | https://*) ;;
	*) die "CHARTS_URL: $CHARTS_URL is not a URL such as https://charts.example.com" ;;
	esac
	need curl "install it"
	endpoint=${CHARTS_URL%/}/api/${CHARTS_CHANNEL:-stable}
}

upload() { # CHART...
	[ $# -ge 1 ] || usage
	check_url
	package "$tmp/packages" "$@"
	credentials
	refused=0
	for archive in "$tmp"/packages/*.tgz; do
		if [ ! -f "$archive" ]; then
			say "there is nothing to upload"
		elif [ -f "$archive.prov" ]; then
			send "$archive" "$archive.prov"
		else
			send "$archive"
		fi
	done
	[ "$refused" = 0 ] || exit 3
}

# Asks for versions by what they are now, so that nothing else is promoted, and waits for the verdict.
promote() { # FROM NAME VERSION...
	[ $# -ge 3 ] || usage
	check_url
	for word; do
		case $word in
		*[!A-Za-z0-9._+/-]*) die "$word is neither a channel, nor a chart's name, nor a version" ;;
		esac
	done
	from=$1 chart=$2 pins=''
	shift 2
	credentials
	for version; do
		ask "$chart $version" "${CHARTS_URL%/}/api/$from/charts/$chart/$version"
		digest=$(sed -n 's/.*"digest":"\([0-9a-f]\{64\}\)".*/\1/p' "$tmp/answer")
		[ "$status:${digest:+known}" = 200:known ] || die "$chart $version is not promoted: $from answers $status: $why"
		pins="$pins${pins:+, }{\"chart\": \"$chart\", \"version\": \"$version\", \"digest\": \"$digest\"}"
	done
	what="$chart $* from $from"
	printf '{"kind": "promote", "from": "%s", "versions": [%s]}\n' "$from" "$pins" >"$tmp/request"
	ask "$what" "$endpoint/actions" --data-binary "@$tmp/request"
	case $status in
	202) ;;
	400 | 409 | 413 | 422)
		refuse "$what"
		exit 3
		;;
	*) die "$what is not promoted: $endpoint answers $status: $why" ;;
	esac
	id=$(sed -n 's/.*"id":"\([0-9a-f-]*\)".*/\1/p' "$tmp/answer")
	say "asked for $what: $id"
	verdict_on "$id"
	why=$(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' "$tmp/answer")
	case $verdict in
	accepted | unchanged) say "$verdict: $what" ;;
	*)
		refuse "$what"
		exit 3
		;;
	esac
}

# Waits for the verdict on an action.
verdict_on() { # ID
	give_up=$(($(date +%s) + ${CHARTS_WAIT:-600}))
	while :; do
		ask "$1" "$endpoint/uploads/$1?wait=30s"
		[ "$status" != 200 ] || break
		[ "$status" = 202 ] || die "$1: $endpoint answers $status: $why"
		[ "$(date +%s)" -lt "$give_up" ] || die "there is no verdict on $1 yet; the generator is still to run"
	done
	verdict=$(sed -n 's/.*"verdict":"\([a-z]*\)".*/\1/p' "$tmp/answer")
}

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

# Downloads the binary once, and again when it is to be another.
download() {
	[ -n "${PORTOLAN_BINARY_SHA256:-}" ] || die "PORTOLAN_BINARY_SHA256 is not set; it says what $PORTOLAN_BINARY_URL must be"
	case $PORTOLAN_BINARY_SHA256 in
	*[!0123456789abcdef]*) die "PORTOLAN_BINARY_SHA256: $PORTOLAN_BINARY_SHA256 is not a sum (64 hex digits, in lower case)" ;;
	esac
	binary=$bin/portolan-$PORTOLAN_BINARY_SHA256
	[ ! -x "$binary" ] || return 0
	curl --silent --show-error --fail --location --retry 4 --output "$tmp/binary" --url "$PORTOLAN_BINARY_URL" ||
		die "cannot download $PORTOLAN_BINARY_URL; curl says above why"
	is=$(sha256 <"$tmp/binary")
	[ "$is" = "$PORTOLAN_BINARY_SHA256" ] || die "$PORTOLAN_BINARY_URL has the SHA-256 sum $is, not $PORTOLAN_BINARY_SHA256"
	case $PORTOLAN_BINARY_URL in
	*.tar.gz)
		tar -xzOf "$tmp/binary" portolan >"$tmp/unpacked" || die "$PORTOLAN_BINARY_URL holds no file portolan"
		mv -f "$tmp/unpacked" "$tmp/binary"
		;;
	esac
	chmod +x "$tmp/binary"
	mkdir -p "$bin"
	mv -f "$tmp/binary" "$binary"
}

# Sets binary to the path of the binary.
get() {
	bin=${XDG_CACHE_HOME:-$HOME/.cache}/portolan/ci
	binary=$bin/portolan
	source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
	if [ -n "${PORTOLAN_BINARY_URL:-}" ]; then
		download
	elif [ -n "${PORTOLAN_VERSION:-}" ]; then
		need go "install it, or set PORTOLAN_BINARY_URL and PORTOLAN_BINARY_SHA256"
		GOBIN=$bin CGO_ENABLED=0 go install -trimpath -tags=disable_grpc_modules -ldflags='-s -w' \
			"github.com/portolan-charts/portolan/cmd/portolan@$PORTOLAN_VERSION" >&2 ||
			die "cannot install portolan $PORTOLAN_VERSION; what go said is above"
	elif command -v portolan >/dev/null; then
		binary=$(command -v portolan)
	elif [ -d "$source/cmd/portolan" ]; then
		need go "install it, or set PORTOLAN_BINARY_URL and PORTOLAN_BINARY_SHA256"
		CGO_ENABLED=0 go build -C "$source" -trimpath -tags=disable_grpc_modules -ldflags='-s -w' -o "$binary" ./cmd/portolan >&2 ||
			die "cannot build portolan in $source; what go said is above"
	else
		die "there is no portolan here; set PORTOLAN_BINARY_URL and PORTOLAN_BINARY_SHA256, or PORTOLAN_VERSION"
	fi
}

[ $# -ge 1 ] || usage
command=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
case $command in
upload | package | promote) "$command" "$@" ;;
generate)
	get
	"$binary" generate "$@"
	;;
get)
	get
	printf '%s\n' "$binary"
	;;
*) usage ;;
esac
