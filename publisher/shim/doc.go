// Package shim takes chart uploads over HTTP, in the forms that users of
// ChartMuseum and of GitLab's Helm registry send them, and puts them into the
// drop area. It answers each with the verdict that the generator would give. For
// private sites and for 'helm cm-push' it serves the site as well.
//
// It keeps nothing: any number of shims may run behind one address, and be
// stopped at any time. An upload that was answered 201 is durable in the inbox.
//
// # Routes
//
// Below, API stands for /api, and for /api/v4/projects/{project}/packages/helm/api;
// SITE for the root, and for /api/v4/projects/{project}/packages/helm. With GitLab's
// form, a channel is {project}/{channel}; {project} is a number or a path, with
// encoded or plain slashes. [Options.Projects] lie at the site's root.
//
//	POST     API/{channel}/charts                     a chart: multipart (chart, prov), or as it is
//	POST     API/{channel}/prov                       a provenance file as it is
//	GET      API/{channel}/uploads/{id}               the receipt: 200, or 202 while there is none
//	GET      API/{channel}/charts[/{name}[/{version}]]   what the channel holds, as ChartMuseum says it
//	GET      SITE/{channel}/index.yaml                the index
//	GET      SITE/{channel}/charts/{name}-{version}.tgz[.prov]
//	GET      SITE/{channel}/…                         the site's files
//	GET      /health /livez /readyz
//
// Without {channel} the first five and SITE/charts mean [Options.RootChannel].
//
// # Answers
//
// Every error is JSON: {"error": …, "message": …, "rule": …, "hint": …}. The
// first two are the same sentence, for 'helm cm-push' prints the one and
// GitLab's clients the other.
//
// 400 a channel's name, or a form, that makes no sense; 401 wrong credentials, or none;
// 403 not allowed; 404 nothing there; 405 another method is; 408 sent too slowly;
// 409 not possible beside what is published; 413 too large; 422 the chart breaks a rule;
// 429 too many failed attempts; 500 a fault of the shim; 503 busy, or the store,
// or who vouches for the token, does not answer.
package shim
