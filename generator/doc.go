// Package generator decides what waits in a drop area and publishes it: it turns
// uploads of Helm charts into the state of a static chart repository.
//
// # Order
//
// [Run] decides one channel after another, and then makes the pages of all of them
// in turns. An upload takes these steps; each step has a file of its name and knows
// only the ones before:
//
//   - adopt: find what is in the inbox. Files under names of their owners' get
//     ids, and uploads that have a receipt are decided already;
//   - read: check the archive and its provenance file, see package check, and verify
//     the signature if the channel has keys;
//   - look up (catalog): find out what is published of the same version. What a promotion
//     names is looked up, and checked, in the channel that it comes from (promote_find);
//   - decide: give each upload a verdict, in order of arrival. All verdicts of one
//     record, and what they change in the index, make a plan. Only when it is a rollback's
//     turn is the generation read that it goes back to;
//   - stage: put the files of new releases on the site, where nothing names them.
//     A chart that would be published if it were the only upload is staged while
//     its bytes are in memory, right after it is looked up;
//   - commit: create the plan's record in the channel's log, see package
//     publisher. Before that nothing has happened; from then on, everything else
//     follows from the record;
//   - project: make head show what is committed, see package publisher. A run that commits
//     very many generations does so now and then, since it holds the index of each;
//   - finish: write the receipts;
//   - tell: tell receivers of the new generation, while pages are made. The outbox has
//     what they are still to be told;
//   - turns: make the pages, chart by chart, then empty the inbox. Nothing that a
//     chart holds delays another channel's verdicts, and pages that take long delay
//     those of other channels by one turn at a time.
//
// If another generator commits first, the uploads are decided again on what that
// one left. A run can be cut off anywhere: the next one does what is missing, and
// a decision that is in the log is never made again.
//
// # Deciding
//
// Each upload is decided once. Versions are told apart by their text. Under the
// policy duplicates: replace, the latest arrival of a version is published, and
// an upload that is decided after a later one is superseded. Under reject the
// first is final, unless an upload is forced. The same content again (equal paths
// and bytes, however packed) is unchanged; if it brings the first provenance file
// of the published archive, that file is added. A provenance file alone waits for
// its chart, and a chart whose uploader announced a provenance file waits for
// that file; both for a limited time. A name that differs from a published one
// only in case is refused.
//
// Where the configuration requires signatures, an upload that would publish something is
// refused unless it is signed with one of the channel's keys, which must have been valid when
// the store got the file. That is not the arrival that an id claims, which anyone can make up.
// What is published already stays unchanged.
//
// An action names versions with their content, and is decided as a whole, in order of
// arrival among the uploads. What it names and is not published may still come: it waits
// for ten minutes. It is refused if a version has other content, and superseded if that came
// later, or if a later action says the opposite. A yank, and a rollback, supersede all
// uploads of the version that came before. A yanked version stays taken: the same content
// is unchanged, and a first signature is added, without showing it; other content, where
// that may take its place, is shown again. What was taken down, or freed, is never
// published again. No record decides twice about one version if an action is among it.
//
// The index dates a release by when its content was accepted. If the upload's
// request has a date, as that of an import does, that is the date, unless it is
// before 1970 or after the upload. The date never changes.
//
// If the configuration says keep, a channel's index lists only that many of the
// newest versions of each chart; package publisher says where the others are.
// They are decided like all others.
//
// # Limits
//
// At most [Options.Workers] uploads are read at the same time, and only these
// have their archives in memory: package check limits how large one can be. One
// record has at most 10,000 verdicts and about 64 MiB of new index lines; a fuller
// inbox takes several. A fault of one upload never stops the run, and a failure in
// one channel never stops the others.
//
// # Verdicts
//
// A fault of an upload is a [*check.Problem]: a fault of its files, which package
// check finds, or a conflict with the channel's policy or with what is published.
// Its rule is a stable code that [Describe] knows. Its message is safe to show
// anywhere. Any other error is a store's, and says nothing about the upload.
package generator
