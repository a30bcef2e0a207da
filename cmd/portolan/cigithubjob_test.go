package main

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// ourActions begins the name of each action that ci/github has.
const ourActions = "portolan-charts/portolan/ci/github/"

// githubStep is a step of a workflow's job or of a composite action.
type githubStep struct {
	ID, If, Uses, Run, Shell string
	With                     map[string]any
	Env                      map[string]string
}

type githubWorkflow struct {
	Concurrency struct{ Group string }
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []githubStep
	}
}

type githubAction struct {
	Inputs map[string]struct {
		Required bool
		Default  *string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct{ Steps []githubStep }
}

// githubJob is a job that runs: what expressions can name, and its environment.
type githubJob struct {
	*workshop
	context map[string]string
	env     []string
	summary string // the file
}

// newGithubJob is a job of a push in the checkout.
func (s *workshop) newGithubJob(before string, env ...string) *githubJob {
	temp := s.t.TempDir()
	summary := filepath.Join(temp, "summary")
	return &githubJob{workshop: s, summary: summary, context: map[string]string{"github.event.before": before, "github.event.pull_request.base.sha": ""}, env: append([]string{
		"GITHUB_ACTIONS=true", "GITHUB_EVENT_NAME=push", "GITHUB_REPOSITORY=acme/app", "GITHUB_SHA=" + s.git(s.checkout, "rev-parse", "HEAD"), "RUNNER_TEMP=" + temp,
		"GITHUB_WORKSPACE=" + s.checkout, "ACTIONS_ID_TOKEN_REQUEST_URL=" + s.forge.URL + "/github/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + requestSecret,
		"GITHUB_STEP_SUMMARY=" + summary,
	}, env...)}
}

func parseYAML(t *testing.T, file string, v any) {
	t.Helper()
	if err := yaml.Unmarshal(read(t, file), v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// workflow runs a workflow of ci/github, with some inputs of our actions instead
// of those that it names. It ends with the first step that fails.
func (j *githubJob) workflow(name string, with map[string]string) outcome {
	j.t.Helper()
	var w githubWorkflow
	parseYAML(j.t, "../../ci/github/workflows/"+name+".yml", &w)
	if (w.Concurrency.Group == "") != (name == "upload" || name == "promote") || len(w.Jobs) != 1 { // of what waits, GitHub forgets all but the last
		j.t.Errorf("%s has the concurrency group %q and %d jobs", name, w.Concurrency.Group, len(w.Jobs))
	}
	for _, job := range w.Jobs {
		if job.Permissions["id-token"] != "write" {
			j.t.Errorf("%s: the job may not ask for its token", name)
		}
		return j.steps(job.Steps, with)
	}
	return outcome{}
}

// steps runs steps until one fails.
func (j *githubJob) steps(steps []githubStep, with map[string]string) outcome {
	j.t.Helper()
	all := outcome{}
	for _, step := range steps {
		if all.code != 0 || !j.holds(step.If) {
			continue
		}
		var o outcome
		action, ours := strings.CutPrefix(step.Uses, ourActions)
		switch {
		case ours:
			inputs := map[string]string{}
			for name, v := range step.With {
				inputs[name] = j.expand(v.(string))
			}
			maps.Copy(inputs, with)
			action, _, _ := strings.Cut(action, "@")
			o = j.action(action, step.ID, inputs)
		case step.Uses != "":
			j.outputs(step.ID, strings.Join([]string{"base_url=https://acme.github.io/app", "page_url=https://acme.github.io/app"}, "\n"))
		default:
			o = j.run(step, "")
		}
		all.code, all.stdout, all.stderr = o.code, all.stdout+o.stdout, all.stderr+o.stderr
	}
	return all
}

// action runs a composite action of ours, as the step with the id.
func (j *githubJob) action(name, id string, with map[string]string) outcome {
	j.t.Helper()
	folder, err := filepath.Abs("../../ci/github/" + name)
	if err != nil {
		j.t.Fatal(err)
	}
	var a githubAction
	parseYAML(j.t, filepath.Join(folder, "action.yml"), &a)
	inner := &githubJob{workshop: j.workshop, context: maps.Clone(j.context), env: append(slices.Clone(j.env), "GITHUB_ACTION_PATH="+folder)}
	for input, about := range a.Inputs {
		value, given := with[input]
		if !given && about.Default != nil {
			value = j.expand(*about.Default)
		} else if !given && about.Required {
			j.t.Errorf("the input %s of %s is missing", input, name)
		}
		inner.context["inputs."+input] = value
		delete(with, input)
	}
	if len(with) > 0 {
		j.t.Errorf("%s has no input %q", name, sortedKeys(with))
	}
	var all outcome
	for _, step := range a.Runs.Steps {
		o := inner.run(step, folder)
		all.code, all.stdout, all.stderr = o.code, all.stdout+o.stdout, all.stderr+o.stderr
		if o.code != 0 {
			return all
		}
	}
	for output, about := range a.Outputs {
		j.outputs(id, output+"="+inner.expand(about.Value))
	}
	return all
}

// run runs the lines of a step, as a runner does with bash.
func (j *githubJob) run(step githubStep, where string) outcome {
	j.t.Helper()
	if strings.Contains(step.Run, "${{") {
		j.t.Errorf("an expression stands within lines, where what it holds would be run:\n%s", step.Run)
	}
	if where != "" && step.Shell != "bash" {
		j.t.Errorf("a step of %s says the shell %q", where, step.Shell)
	}
	j.shellcheck("a step of "+where, "bash", step.Run)
	output := filepath.Join(j.t.TempDir(), "output")
	env := append(slices.Clone(j.env), "GITHUB_OUTPUT="+output)
	for _, name := range sortedKeys(step.Env) {
		env = append(env, name+"="+j.expand(step.Env[name]))
	}
	write(j.t, output, nil)
	o := process(j.t, j.checkout, j.workshop.env(env...), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
	j.outputs(step.ID, string(read(j.t, output)))
	return o
}

// outputs takes what a step has set.
func (j *githubJob) outputs(id, lines string) {
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		j.context["steps."+id+".outputs."+name] = value
	}
}

var expression = regexp.MustCompile(`\$\{\{ ([a-z0-9_. |-]+) \}\}`)

// expand replaces expressions, all of which must be known.
func (j *githubJob) expand(text string) string {
	j.t.Helper()
	text = expression.ReplaceAllStringFunc(text, func(e string) string {
		for name := range strings.SplitSeq(expression.FindStringSubmatch(e)[1], " || ") {
			if value, ok := j.context[name]; !ok {
				j.t.Fatalf("%s is not known: %q", e, sortedKeys(j.context))
			} else if value != "" {
				return value
			}
		}
		return ""
	})
	if strings.Contains(text, "${{") {
		j.t.Fatalf("this test knows no such expression: %s", text)
	}
	return text
}

// holds evaluates a step's condition.
func (j *githubJob) holds(condition string) bool {
	j.t.Helper()
	if condition == "" {
		return true
	}
	name, value, ok := strings.Cut(condition, " == ")
	if !ok {
		j.t.Fatalf("this test knows no such condition: %s", condition)
	}
	return j.expand("${{ "+name+" }}") == strings.Trim(value, "'")
}
