package check

import (
	"strings"
	"sync"
)

// templateFunctions are the functions that templates may call: those of package
// text/template, of sprig v3.3 without env and expandenv, and of Helm 3.22 or Helm
// 4.3. A name that only one of the two knows is taken, since that one renders it.
var templateFunctions = functionNames(`
	and call eq ge gt html index js le len lt ne not or print printf println slice urlquery

	abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt
	biggest buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify
	date_in_zone date_modify decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf duration
	durationRound empty encryptAES ext fail first float64 floor fromJson genCA genCAWithKey genPrivateKey
	genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey get getHostByName has hasKey
	hasPrefix hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64 isAbs join kebabcase
	keys kindIs kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk
	mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge
	mustMergeOverwrite mustPrepend mustPush mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll
	mustRegexReplaceAllLiteral mustRegexSplit mustRest mustReverse mustSlice mustToDate mustToJson mustToPrettyJson
	mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now omit osBase osClean osDir osExt osIsAbs
	pick pluck plural prepend push quote randAlpha randAlphaNum randAscii randBytes randInt randNumeric regexFind
	regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest
	reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle snakecase sortAlpha split
	splitList splitn squote sub subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson
	toString toStrings trim trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch
	unset until untilStep untitle upper urlJoin urlParse uuidv4 values without wrap wrapWith

	durationDays durationHours durationMicroseconds durationMilliseconds durationMinutes durationNanoseconds
	durationRoundTo durationSeconds durationTruncateTo durationWeeks fromJsonArray fromToml fromYaml fromYamlArray
	include lookup mustToDuration mustToToml mustToYaml required toToml toYaml toYamlPretty tpl
`)

// functionNames makes what package parse asks for of a list of names, when it is needed.
func functionNames(list string) func() map[string]any {
	return sync.OnceValue(func() map[string]any {
		all := map[string]any{}
		for _, name := range strings.Fields(list) {
			all[name] = true
		}
		return all
	})
}

// capabilities are the fields of .Capabilities; to ask for another one, such as the
// TillerVersion of Helm 2, makes rendering fail. Other objects of a template's root
// are maps, to Helm 4 at least, where what is missing is empty.
var capabilities = []string{"KubeVersion", "APIVersions", "HelmVersion", "Copy"}
