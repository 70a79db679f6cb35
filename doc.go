// Package cpodkit holds the words that every capability of the toolkit shares:
// who a request acts for ([Identity]), what it may do ([Scopes]), what went
// wrong ([Error]), what a call is ([Route], [Mount]), how handlers are put
// together ([Middleware], [Chain], [Wrap]), and what is known of a request
// ([Record]).
//
// A capability package (storage/files, oauth, …) imports this package and no
// other capability, so a server that uses one feature pays for that one alone.
// This package links the standard library alone; package httpserver makes a
// server.
package cpodkit
