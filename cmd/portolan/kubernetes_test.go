package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/portolan-charts/portolan/generator/charttest"
)

const chartFolder = "../../ci/chart"

// kubernetesVersions are those that the chart's objects are validated for, from
// the chart's kubeVersion on.
var kubernetesVersions = []string{"1.26", "1.30", "1.35"}

// chartValues are sets of values for the chart, with the objects that come of them.
var chartValues = map[string]struct{ values, objects string }{
	"volume": {"auth: {anonymous: true}", "ConfigMap Deployment NetworkPolicy PersistentVolumeClaim Service ServiceAccount"},
	"small": {`
auth: {existingSecret: a}
drop: gs://drop
site: gs://charts?prefix=site/
serviceAccount: {create: false}
shim: {metrics: {enabled: false}, networkPolicy: {enabled: false}}
`, "ConfigMap CronJob Deployment Service"},
	"generator": {"drop: s3://drop\nsite: s3://charts\nshim: {enabled: false}", "ConfigMap CronJob ServiceAccount"},
	"watch":     {"drop: azblob://drop\nsite: azblob://charts\nshim: {enabled: false}\ngenerator: {mode: watch}", "ConfigMap Deployment ServiceAccount"},
	"all": {`
image: {repository: images.example.com/portolan, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
imagePullSecrets: [{name: pull}]
drop: s3://drop?region=eu-central-1
site: s3://charts?region=eu-central-1
config: {baseURL: "https://charts.example.com", channels: [{match: stable, duplicates: reject}]}
serviceAccount: {name: "true", annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::111122223333:role/portolan"}}
env: [{name: AWS_REGION, value: eu-central-1}]
envFrom: [{secretRef: {name: bucket}}]
auth: {content: "tokens: []\n"}
shim:
  replicas: 3
  projects: [12345678, group/app, "42"]
  publicURL: https://charts.example.com/helm
  proxyStripsPath: false
  maxUploads: 2000000
  trustedProxies: [10.0.0.0/8]
  notify: {url: "https://gitlab.example.com/api/v4/projects/42/trigger/pipeline?ref=main", existingSecret: notify}
  ingress: {enabled: true, className: nginx, host: "*.example.com", tlsSecret: "1", annotations: {a: b}}
  metrics: {serviceMonitor: {enabled: true, labels: {release: prometheus}}}
  service: {type: LoadBalancer, externalTrafficPolicy: Local}
  networkPolicy: {from: [{podSelector: {}}], metricsFrom: [{namespaceSelector: {}}]}
  podAnnotations: {a: b}
  nodeSelector: {a: b}
  tolerations: [{key: a, operator: Exists}]
  affinity: {podAntiAffinity: {}}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
generator: {mode: cronjob, podAnnotations: {a: b}, nodeSelector: {a: b}}
prune: {enabled: true, keepSnapshots: 10}
`, "ConfigMap CronJob CronJob Deployment Ingress NetworkPolicy PodDisruptionBudget Secret Service ServiceAccount ServiceMonitor"},
}

// kubeObject is what the tests look at in an object, or in a part of one.
type kubeObject = map[string]any

// renderChart renders the chart, and returns its objects by kind and name.
func (h *helm) renderChart(values string) map[string]kubeObject {
	h.t.Helper()
	file := filepath.Join(h.t.TempDir(), "values.yaml")
	write(h.t, file, []byte(values))
	chart, err := filepath.Abs(chartFolder)
	if err != nil {
		h.t.Fatal(err)
	}
	h.run("lint", "--strict", chart, "--values", file)
	objects := map[string]kubeObject{}
	for d := yaml.NewDecoder(strings.NewReader(h.run("template", "charts", chart, "--values", file))); ; {
		var o kubeObject
		if err := d.Decode(&o); err != nil {
			break
		}
		if o != nil {
			objects[fmt.Sprint(o["kind"], " ", at(o, "metadata", "name"))] = o
		}
	}
	return objects
}

// at is what lies in an object under the keys.
func at(o any, keys ...any) any {
	for _, key := range keys {
		switch in := o.(type) {
		case kubeObject:
			o = in[key.(string)]
		case []any:
			o = in[key.(int)]
		default:
			return nil
		}
	}
	return o
}

// TestKubernetesChart renders the chart with both Helm clients, and validates
// what comes of it with the schemas of Kubernetes.
func TestKubernetesChart(t *testing.T) {
	t.Parallel()
	for name, test := range chartValues {
		var first map[string]kubeObject
		for _, client := range clients {
			objects := newHelm(t, client).renderChart(test.values)
			var kinds []string
			for _, key := range sortedKeys(objects) {
				kinds = append(kinds, strings.Fields(key)[0])
			}
			if got := strings.Join(kinds, " "); got != test.objects {
				t.Errorf("%s, %s: got %s, want %s", name, client, got, test.objects)
			}
			if first == nil {
				first = objects
			} else if fmt.Sprint(first) != fmt.Sprint(objects) {
				t.Errorf("%s: the Helm clients do not agree", name)
			}
		}
		validate(t, first)
		for key, o := range first {
			if spec := podSpec(o); spec != nil && spec["enableServiceLinks"] != false {
				t.Errorf("%s, %s: variables of Services would be set beside portolan's own", name, key)
			}
		}
	}
}

// podSpec finds the specification of pods in an object; nil if it has none.
func podSpec(o map[string]any) map[string]any {
	if o["containers"] != nil {
		return o
	}
	for _, v := range o {
		if below, ok := v.(map[string]any); ok {
			if spec := podSpec(below); spec != nil {
				return spec
			}
		}
	}
	return nil
}

// validate checks objects of Kubernetes' own kinds.
func validate(t *testing.T, objects map[string]kubeObject) {
	t.Helper()
	for key, parsed := range objects {
		if strings.HasPrefix(key, "ServiceMonitor ") {
			continue // the Prometheus operator's
		}
		b, err := json.Marshal(parsed)
		if err != nil {
			t.Fatal(err)
		}
		var o kubeObject
		decode(t, string(b), &o)
		for _, version := range kubernetesVersions {
			if err := newKubeSchemas(t, version, o["apiVersion"].(string)).check(o); err != nil {
				t.Errorf("Kubernetes %s, %s: %v", version, key, err)
			}
		}
	}
}

// TestKubernetesWords: values that contradict each other are refused in words.
func TestKubernetesWords(t *testing.T) {
	t.Parallel()
	chart, err := filepath.Abs(chartFolder)
	if err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{
		"":                                       "auth: say who may upload",
		"drop=s3://drop,auth.anonymous=true":     "drop and site: give both",
		"auth.anonymous=true,shim.replicas=2":    "shim.replicas: several pods need buckets",
		"shim.enabled=false,generator.mode=shim": "generator.mode: the shim is to publish",
		"auth.anonymous=true,shim.ingress.enabled=true": "shim.trustedProxies: an ingress hides",
		"drop=http://drop":         "drop",
		"shim.replica=2":           "replica",
		"generator.schedule=often": "schedule",
	} {
		for _, client := range clients {
			if said := newHelm(t, client).fails("template", "charts", chart, "--set", set); !strings.Contains(said, want) {
				t.Errorf("%s, %s: it says %s, want %q", client, set, said, want)
			}
		}
	}
}

// command is the command line of an object's container, with what is mounted
// taken from a folder, and ports that are free.
func (w *town) command(pod any) []string {
	w.t.Helper()
	var args []string
	for _, arg := range at(pod, "spec", "containers", 0, "args").([]any) {
		text := fmt.Sprint(arg)
		text = regexp.MustCompile(`=:[0-9]+$`).ReplaceAllString(text, "=127.0.0.1:0")
		text = strings.NewReplacer("=/etc/", "="+w.folder+"/etc/", "=/data/", "="+w.folder+"/", "=s3://drop", "="+w.folder+"/drop", "=s3://charts", "="+w.folder+"/site").Replace(text)
		args = append(args, strings.TrimSuffix(text, "?region=eu-central-1"))
	}
	return args
}

// TestKubernetesCommands runs what the pods of the chart would run: a shim that
// is ready, an upload, the generator's job, and the one that prunes.
func TestKubernetesCommands(t *testing.T) {
	t.Parallel()
	objects := newHelm(t, "helm4").renderChart(chartValues["all"].values)
	w := newTown(t)
	write(t, filepath.Join(w.folder, "etc/portolan/portolan.yaml"), []byte(at(objects["ConfigMap charts-portolan"], "data", "portolan.yaml").(string)))
	write(t, filepath.Join(w.folder, "etc/portolan-notify/token"), []byte("secret"))
	auth := filepath.Join(w.folder, "etc/portolan-auth/auth.yaml")
	write(t, auth, []byte("anonymous: ['write:**', 'read:**']\n"))
	w.done("generate", "--drop", "drop", "--site", "site") // makes the folders, where buckets would be
	pod := at(objects["Deployment charts-portolan-shim"], "spec", "template")
	args := w.command(pod)
	if args[0] != "shim" {
		t.Fatalf("the first argument is %s", args[0])
	}
	for _, number := range []string{"--project=12345678", "--max-uploads=2000000"} { // which templates like to print as 1.2345678e+07
		if !slices.Contains(args, number) {
			t.Errorf("there is no %s in %q", number, args)
		}
	}
	s := w.shim(append(args[1:], "--notify", "http://127.0.0.1:1/")...)
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		path := at(pod, "spec", "containers", 0, probe, "httpGet", "path").(string)
		if got := fetchServed(t, "GET", s.url+"/helm"+path); got.status != http.StatusOK {
			t.Errorf("%s, %s: %+v", probe, path, got)
		}
	}
	archive := filepath.Join(t.TempDir(), "web.tgz")
	write(t, archive, charttest.Simple("web", "1.0.0"))
	o := process(t, w.folder, plainEnv(), "curl", "--silent", "--show-error", "--fail-with-body", "--form", "chart=@"+archive, s.url+"/helm/api/stable/charts")
	if o.code != 0 {
		t.Fatalf("curl: %s%s", o.stdout, o.stderr)
	}
	for _, job := range []string{"generate", "prune"} {
		args := w.command(at(objects["CronJob charts-portolan-"+job], "spec", "jobTemplate", "spec", "template"))
		out := w.done(args...).stdout
		if job == "generate" && !strings.Contains(out, "1 accepted") {
			t.Errorf("generate: %s", out)
		}
	}
	w.done("verify", "--deep")
}
