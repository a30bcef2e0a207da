// Package ask works out what an action is to do before it is asked for: it reads what the
// site has, finds the versions that are meant, and notes the digest of each. What it
// returns can be shown, and put into the drop area. It decides nothing: a run does, by
// what the site has then.
//
// Versions are meant by text. One that the chart has, letter by letter, is that version
// alone. Any other whole version, such as 1.2.3 or v1.2.3-rc.1, is an error: what is near
// to it is not what was meant. The rest are ranges as Helm and Cargo have them: 1.2.x,
// ~1.2, >=1.2.0 <1.3.0, 1.2 - 1.4, and || between alternatives. A range leaves out
// prereleases unless it names one itself, as >=1.3.0-0 does. One that matches nothing is
// an error, too.
//
// A version that is already what an action would make of it is left out, and the plan says
// so; then asking for an action twice is no mistake.
package ask
