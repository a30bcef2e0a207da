package publisher

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
	dropChartExt = ".tgz"
	dropProvExt  = ".tgz.prov"
	requestExt   = ".json"
	actionExt    = ".action.json"
)

// What the objects are.
const (
	dropTypeChart   = "application/gzip"
	dropTypeJSON    = "application/json"
	dropTypeText    = "text/plain; charset=utf-8"
	dropTypeUnknown = "application/octet-stream"
)

func receiptKey(id string) string { return path.Join(receiptsDir, id+".json") }

func rejectedKey(channel, id, ext string) string {
	return path.Join(rejectedDir, channel, id+ext)
}

func inboxKey(channel, id, ext string) string {
	return path.Join(inboxDir, channel, id+ext)
}
