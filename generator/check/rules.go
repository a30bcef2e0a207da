package check

// A rule has general texts for when only its code is known. Codes are public
// and stay: they stand in logs that nobody rewrites.
type rule struct{ message, fix string }

const (
	repack      = "package the chart again with `helm package`"
	repackPlain = "package the chart again with `helm package`, from plain files and folders only"
	renameFile  = "rename the file and package the chart again"
	fixYAML     = "correct the file; `helm lint` and `helm template` show what Helm reads"
	signAgain   = "sign the archive again with `helm package --sign`, and upload both files"
	smaller     = "leave out what the chart does not need, for instance through .helmignore"
)

// rules has one line per rule: first what makes an archive or a provenance file
// be refused, then what only warns, which has no fix.
var rules = map[string]rule{
	// The file as a whole.
	"packed-size":           {"the archive is too large", smaller},
	"not-gzip":              {"the file is not a gzip-compressed archive", repack},
	"gzip-truncated":        {"the archive ends too early", "upload the whole file again"},
	"gzip-corrupt":          {"the compressed data is damaged", "upload the file again, or package it again"},
	"gzip-several-members":  {"the file holds more than one gzip member", repack},
	"gzip-trailing-bytes":   {"something follows the compressed data", repack},
	"unpacked-size":         {"the archive is too large when unpacked", smaller},
	"not-tar":               {"the compressed data is not a tar archive", repack},
	"tar-truncated":         {"the tar archive ends too early", repack},
	"tar-corrupt":           {"the tar archive is damaged", repack},
	"tar-trailing-bytes":    {"something follows the end of the tar archive", repack},
	"tar-global-header":     {"a global tar header changes names or sizes", repack},
	"too-many-entries":      {"the archive has too many entries", smaller},
	"file-size":             {"a file in the archive is too large", smaller},
	"entry-type":            {"the archive holds a link, device or other special file", repackPlain},
	"entry-sparse":          {"the archive holds a sparse file", repackPlain},
	"entry-mode":            {"an entry's mode contradicts its type", repack},
	"no-files":              {"the archive is empty", repack},
	"path-encoding":         {"a file name is not UTF-8", renameFile},
	"path-control":          {"a file name holds control characters", renameFile},
	"path-long":             {"a file name is too long", renameFile},
	"path-absolute":         {"a file name is absolute", repack},
	"path-drive":            {"a file name holds a drive letter", repack},
	"path-backslash":        {"a file name holds a backslash", "package the chart again with `helm package`, which writes slashes on Windows too"},
	"path-parent":           {"a file name leads out of the chart, or looks like it", renameFile},
	"path-unclean":          {"a file name has empty or dot segments", repack},
	"path-conflict":         {"a name is used for both a file and a folder", repack},
	"path-twice":            {"a file occurs twice with different content", repack},
	"top-folder":            {"the files do not lie in one folder named after the chart", repack},
	"top-several":           {"the archive has several top folders", repack},
	"top-name":              {"the top folder is not named after the chart", repack},
	"too-deep":              {"charts are nested too deeply", "nest charts less deeply in charts/"},
	"chart-yaml-missing":    {"there is no Chart.yaml", repack},
	"chart-yaml-case":       {"several files are Chart.yaml but for case", "keep only Chart.yaml"},
	"subchart":              {"charts/ holds something that Helm cannot load as a chart", "keep only charts in charts/; names that begin with _ or . are ignored"},
	"internal":              {"reading the archive made portolan fail", "report this as a bug of portolan, with the archive"},
	"yaml":                  {"a YAML file cannot be read as Helm reads it", fixYAML},
	"yaml-size":             {"a YAML file is too large", "make the file smaller; move large data to files of its own"},
	"yaml-encoding":         {"a YAML file is not UTF-8", "save the file as UTF-8"},
	"yaml-complex":          {"a YAML file is too complex", "move large data out of the YAML files"},
	"yaml-deep":             {"a YAML file is nested too deeply", "nest less deeply"},
	"yaml-aliases":          {"aliases in a YAML file expand to too much", "write out what the aliases stand for, or use fewer"},
	"yaml-documents":        {"a YAML file holds several documents, or its --- lines confuse Helm", "keep one document in the file, and no --- lines but the first"},
	"yaml-duplicate-key":    {"a key occurs twice in a YAML file", "remove one of the two"},
	"yaml-key":              {"a YAML key is written in a way that hides what it is", "write the keys out as plain text"},
	"yaml-number":           {"a number in Chart.yaml is not finite", "put .inf, -.inf or .nan in quotes where it is meant as text"},
	"chart-yaml":            {"Helm refuses Chart.yaml", fixYAML},
	"chart-yaml-annotation": {"an annotation's key holds control characters", "write the key in printable characters"},
	"api-version":           {"apiVersion is neither v1 nor v2", "set apiVersion: v2 in Chart.yaml"},
	"name-missing":          {"Chart.yaml has no name", "set name: in Chart.yaml"},
	"name-text":             {"Helm reads another name than the text says", "put the name in quotes in Chart.yaml"},
	"name":                  {"the chart's name is not acceptable", "use letters and digits, joined by single '-', '.' or '_'"},
	"name-long":             {"name and version are too long", "use a shorter name or version"},
	"name-not-allowed":      {"charts of this name are not allowed here", "ask who runs this repository which names it takes"},
	"version-missing":       {"Chart.yaml has no version", "set version: in Chart.yaml, such as 0.1.0"},
	"version-text":          {"Helm reads another version than the text says", "put the version in quotes in Chart.yaml"},
	"version":               {"the version is not a semantic version", "use a version such as 1.2.3, 1.2.3-rc.1 or v1.2.3; with 'versions: helm', a channel takes whatever Helm can order"},
	"index-line-size":       {"Chart.yaml is too large for the index", "move long text from Chart.yaml, such as annotations with changes or examples, to README.md"},
	"field-required":        {"Chart.yaml lacks a field that this repository requires", "add the field to Chart.yaml"},
	"warnings":              {"charts with warnings are refused here", "correct what the warnings name, and package the chart again; 'warnings: accept' in portolan.yaml, or drop without --strict, takes it as it is"},
	"requirements":          {"requirements.yaml changes more than dependencies", "keep only dependencies: in requirements.yaml, or move them to Chart.yaml"},

	// Provenance files.
	"prov-size":   {"the provenance file is too large", signAgain},
	"prov-format": {"the provenance file is not a clear-signed one", signAgain},
	"prov-files":  {"the provenance file does not name exactly one archive", signAgain},
	"prov-name":   {"the provenance file is for a file of another name", signAgain},
	"prov-digest": {"the provenance file is for other content", signAgain},

	// Signatures, where the channel has keyrings. They are warnings where it does not require
	// signatures.
	"signature-unknown": {"the provenance file is signed with a key that is not among those of the channel", "sign with one of the channel's keys, or have the public key added to signatures.keyrings in portolan.yaml"},
	"signature-expired": {"the signature, or the key that made it, was not valid when it arrived", "extend the key, have its new copy put into the channel's keyring, and sign the archive again"},
	"signature-revoked": {"the key that signed the provenance file is revoked", "sign the archive again with another key of the channel's"},
	"signature-weak":    {"the hash of the signature can be forged", "sign the archive again with 'helm package --sign', or with gpg --digest-algo SHA512"},
	"signature-invalid": {"the signature does not fit the provenance file", signAgain},

	// What is accepted, with a warning.
	"warn-tar-end":           {"the tar archive lacks its end mark", ""},
	"warn-top-folder":        {"the files lie in no folder", ""},
	"warn-nested-name":       {"a nested archive's folder is not named after its chart", ""},
	"warn-path-twice":        {"a file occurs twice with the same content", ""},
	"warn-path-case":         {"two file names differ only in case", ""},
	"warn-name":              {"some clients refuse the chart's name, or Helm advises against it", ""},
	"warn-size":              {"the archive is too large for some clients", ""},
	"warn-version":           {"the version is not strictly semantic", ""},
	"warn-api-version":       {"apiVersion is missing; it is v1", ""},
	"warn-unknown-key":       {"Chart.yaml has keys that Helm does not know", ""},
	"warn-key-case":          {"a key of Chart.yaml is Helm's but for case", ""},
	"warn-read-differently":  {"Helm reads a value otherwise than it is written", ""},
	"warn-duplicate-key":     {"a key occurs twice in a subchart's YAML file", ""},
	"warn-dropped-character": {"control characters were dropped", ""},
	"warn-dependencies":      {"dependencies are not in charts/, so Helm refuses to install the chart", ""},
	"warn-template":          {"Helm cannot render a template, whatever the values are", ""},
	"warn-manifest":          {"Helm cannot install what a template holds, whatever the values are", ""},
	"warn-crd":               {"no cluster accepts a file in crds/", ""},
	"warn-schema":            {"Helm cannot check values against values.schema.json", ""},
	"warn-kube-version":      {"kubeVersion is not a range of versions, so Helm refuses every cluster", ""},
}
