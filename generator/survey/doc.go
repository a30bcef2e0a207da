// Package survey tells what there is: the channels of a site with their charts and
// versions, what each generation has changed, how two of them differ, and how uploads
// were decided. It only reads. What it returns is what 'portolan list', 'log', 'diff' and
// 'uploads' print, and as JSON what scripts rely on.
//
// What it reads grows with what it is asked for: for a list, a channel's indexes and its
// newest record, and for that of one chart a description of each version, up to
// [MaxPromoted]; for a log, as many records as it shows; for a difference, two records and
// the snapshots of both; for uploads, the records of the time, and a receipt for each upload
// that is shown.
package survey
