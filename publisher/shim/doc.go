// Package shim takes chart uploads over HTTP, in the forms that ChartMuseum, GitLab's
// Helm registry and OCI registries take, and puts them into the drop area. It refuses an
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
//	POST     API/{channel}/actions                    the request for an action, in JSON: see [github.com/portolan-charts/portolan/publisher/action.Request]
//	DELETE   API/{channel}/charts/{name}/{version}    the same for a yank, as ChartMuseum's clients send it
//	GET      API/{channel}/uploads/{id}               the receipt of an upload or action: 200, or 202 while it waits
//	GET      API/{channel}/charts[/{name}[/{version}]]   the channel's releases, as ChartMuseum lists them
//	GET      SITE/{channel}/index.yaml                the index
//	GET      SITE/{channel}/charts/{name}-{version}.tgz[.prov]
//	GET      SITE/{channel}/…                         the site's files
//	GET      /health /livez /readyz /info
//	GET      /v2/                                     whether the credentials are right
//	POST     /v2/{channel}/{chart}/blobs/uploads/     begins the upload of a blob; PATCH and PUT continue and end it
//	PUT      /v2/{channel}/{chart}/manifests/{tag}    makes an upload of the blobs that the manifest names
//	GET      /v2/{channel}/{chart}/…                  the site's files, as an OCI registry
//
// What writes may also stand behind the channel, or a part of it, instead of before it:
// 'helm cm-push --context-path' posts to SITE/{channel}/api/charts.
//
// If [Options.PublicURL] has a path, all of these are below it, unless a proxy removes
// it ([Options.Stripped]). Only probes may always leave it out. There is no registry then:
// clients look for one at a host's root.
//
// Without {channel}, the first seven routes and SITE/charts mean
// [Options.RootChannel]; in GitLab's form, only for [Options.Projects].
//
// # Actions
//
// A request for an action is answered with 202 once it is durable in the inbox; the
// generator decides it, in order of arrival. The shim checks its form, and that the caller
// has the scope. If it has the site, it also compares the action with what is published. What
// is not there now may come before the action is decided: an upload of it may wait in the
// inbox, or arrive within ten minutes. So the answer has warnings then, as {rule, message}.
// An action is refused with 409 only if nothing can make it succeed: it names content that was
// removed, or what no chart can be called. Who asks is filled in by the shim. DELETE is a
// yank of the content that the channel shows; it is answered with 200, and with 404 if lists
// do not have the version. It needs the site.
//
// # Receipts
//
// The receipt of an upload or action is answered with 200 once there is a verdict, and with
// 202 while it waits in the inbox. 404 means that nothing with this id is in the channel: it
// never came, or its receipt has been pruned. A shim that may not look into the inbox cannot
// tell that from an upload that waits, and says 202. So ?wait=30s, which waits for the
// verdict for at most a minute, ends at once if there is nothing to wait for.
//
// # Pushes
//
// The protocol is that of the OCI distribution specification, as far as Helm, oras and
// crane use it: a blob comes in one piece, with POST, PUT or PATCH; nothing is mounted from
// other repositories, deleted, or listed beyond tags. Blobs, and manifests that have no tag
// yet, wait in the drop area for one hour or two, where any shim finds them; those who may
// upload the chart can read them there. A manifest with a tag makes an upload, which
// is checked like any other. Its tag must be the chart's version, with _ for +, and its
// repository the channel and the chart's name. The manifest and its config are kept as they
// were pushed, so that the chart has the digest that the client printed. The header
// Portolan-Upload of the answer has the upload's id, and Warning the warnings.
//
// One party may have 2 GiB of blobs waiting, and all together 4 GiB, at each shim. A blob
// counts for 1 MiB at least. What was uploaded no longer counts. What a manifest names counts
// once more, since the shim reads it again, if it is refused or the same archive was
// uploaded in this hour or the one before.
//
// # Answers
//
// Every error is JSON: {"error": …, "message": …, "rule": …, "hint": …}. The
// first two are the same sentence: 'helm cm-push' prints error, and GitLab's
// clients print message. Below /v2/, clients of registries find it in errors, too:
// {"errors": [{"code": …, "message": …}]}.
//
//	400  the path, the channel's name, the form or a query parameter is not valid
//	401  the credentials are wrong, or missing
//	403  the caller may not do this
//	404  there is nothing at this URL, or no upload or action with this id
//	405  the URL does not take this method
//	408  the upload came too slowly
//	409  the upload or action conflicts with what is published, or the URL may mean two things
//	412  the file does not meet the conditions of the request
//	413  the upload is too large
//	416  the file does not have the requested bytes
//	422  the chart breaks a rule
//	429  there were too many failed attempts to authenticate, or the caller has more
//	     than a fair share of the uploads under way, or of the new channels
//	500  the shim failed
//	501  the shim has no site, which the request needs
//	503  the shim is busy or its disk full, or a store, or the server that
//	     vouches for the token, does not answer
package shim
