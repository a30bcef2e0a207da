package droparea

import "path"

// The folders of the drop area.
const (
	inboxDir    = "inbox"
	receiptsDir = "receipts"
	rejectedDir = "rejected"
	pushedDir   = "pushed"
)

// File name endings of uploads.
const (
	chartExt   = ".tgz"
	provExt    = ".tgz.prov"
	requestExt = ".json"
	actionExt  = ".action.json"
)

// What the objects are.
const (
	typeChart   = "application/gzip"
	typeJSON    = "application/json"
	typeText    = "text/plain; charset=utf-8"
	typeUnknown = "application/octet-stream"
)

func receiptKey(id string) string { return path.Join(receiptsDir, id+".json") }

func rejectedKey(channel, id, ext string) string {
	return path.Join(rejectedDir, channel, id+ext)
}

func inboxKey(channel, id, ext string) string {
	return path.Join(inboxDir, channel, id+ext)
}
