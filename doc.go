// Package cpodkit holds the words that every capability of the toolkit shares:
// who a request acts for ([Identity]), what it may do ([Scopes]), what went
// wrong ([Error]), and how handlers are put together ([Middleware], [Route],
// [Mount], [Guard]).
//
// A capability package (storage/files, oauth, …) imports this package and no
// other capability, so a server that uses one feature pays for that one alone.
package cpodkit
