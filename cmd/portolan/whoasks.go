package main

import (
	"os"
	"os/user"
)

// whoAsks says who runs the command, for the receipt.
func whoAsks(command string) map[string]string {
	who := map[string]string{"client": "portolan " + command}
	if u, err := user.Current(); err == nil {
		who["user"] = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		who["host"] = host
	}
	if job := ciJob(os.Getenv); job != "" {
		who["job"] = job
	}
	return who
}

// ciJob is the URL of the CI job that this is, as GitLab and GitHub tell it; "" if unknown.
func ciJob(env func(string) string) string {
	if run := env("GITHUB_RUN_ID"); run != "" {
		return env("GITHUB_SERVER_URL") + "/" + env("GITHUB_REPOSITORY") + "/actions/runs/" + run
	}
	return env("CI_JOB_URL")
}
