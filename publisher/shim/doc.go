// Package shim takes chart uploads over HTTP, in the forms that ChartMuseum and
// GitLab's Helm registry take, and puts them into the drop area. It refuses an
// upload that the generator would reject, and says why in the answer. If it has the
// site, that includes conflicts with what is published, and it serves the site, for
// private sites and for 'helm cm-push'.
//
// A shim keeps no state: any number may run behind one address, and each may be
// stopped at any time. An upload that was answered 201 is durable in the inbox.
//
// # Routes
//
// Below, API stands for /api or /api/v4/projects/{project}/packages/helm/api, and
// SITE for the root or /api/v4/projects/{project}/packages/helm. In GitLab's form,
// the channel is {project}/{channel}, or only {channel} if the project is in
// [Options.Projects]. {project} is a number or a path, with encoded or plain slashes.
//
//	POST     API/{channel}/charts                     a chart: a multipart form (chart, prov), or the archive itself
//	POST     API/{channel}/prov                       a provenance file, not in a form
//	GET      API/{channel}/uploads/{id}               the receipt: 200, or 202 until it exists
//	GET      API/{channel}/charts[/{name}[/{version}]]   the channel's releases, as ChartMuseum lists them
//	GET      SITE/{channel}/index.yaml                the index
//	GET      SITE/{channel}/charts/{name}-{version}.tgz[.prov]
//	GET      SITE/{channel}/…                         the site's files
//	GET      /health /livez /readyz /info
//
// What writes may also stand behind the channel, or a part of it, instead of before it:
// 'helm cm-push --context-path' posts to SITE/{channel}/api/charts.
//
// If [Options.PublicURL] has a path, all of these are below it, unless a proxy removes
// it ([Options.Stripped]). Only probes may always leave it out.
//
// Without {channel}, the first five routes and SITE/charts mean
// [Options.RootChannel]; in GitLab's form, only for [Options.Projects].
//
// # Answers
//
// Every error is JSON: {"error": …, "message": …, "rule": …, "hint": …}. The
// first two are the same sentence: 'helm cm-push' prints error, and GitLab's
// clients print message.
//
//	400  the path, the channel's name, the form or a query parameter is not valid
//	401  the credentials are wrong, or missing
//	403  the caller may not do this
//	404  there is nothing at this URL
//	405  the URL does not take this method
//	408  the upload came too slowly
//	409  the upload conflicts with what is published, or the URL may mean two things
//	412  the file does not meet the conditions of the request
//	413  the upload is too large
//	416  the file does not have the requested bytes
//	422  the chart breaks a rule
//	429  there were too many failed attempts to authenticate, or the caller has more
//	     than a fair share of the uploads under way, or of the new channels
//	500  the shim failed
//	503  the shim is busy or its disk full, or a store, or the server that
//	     vouches for the token, does not answer
package shim
